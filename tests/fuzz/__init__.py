"""Broken input of every kind: targets, seeds from the fixtures, a mutator, a driver (`make fuzz`)."""
