"""Erases a person from the database, for `make forget`."""
