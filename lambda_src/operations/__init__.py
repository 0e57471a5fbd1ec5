"""Answers people's questions about files from the database, which it only reads."""
