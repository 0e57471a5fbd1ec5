"""Constructs, one capability a file. They know their slice of the configuration, never an environment's name."""
