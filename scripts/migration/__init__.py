"""Writes migrations for what datasets declare and the database does not have yet."""
