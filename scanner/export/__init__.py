"""What other tools and people read besides the document: listings, single runs in full."""
