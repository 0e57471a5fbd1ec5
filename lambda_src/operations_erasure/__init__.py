"""Erases a person or withdraws a file from the database, for `make forget` and `make withdraw`."""
