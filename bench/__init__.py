"""Measurements beside ripgrep and find: `make bench`."""
