"""Mistakes in the database."""
