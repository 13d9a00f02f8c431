"""Measurements beside ripgrep: `make bench`."""
