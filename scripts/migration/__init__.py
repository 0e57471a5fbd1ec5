"""Writes migrations: what the declarations of datasets say, and the database does not have yet."""
