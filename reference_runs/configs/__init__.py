"""What a LEARNINGS.md documents: `documented.py` finds claims and configurations, `config_reader.py` reads its code.

`LEARNINGS.md` in this folder is the document that the catalogue of claims was written from, and the default source.
"""
