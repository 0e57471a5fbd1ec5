"""Stacks: which component stands where. `platform.py` is the page to read first."""
