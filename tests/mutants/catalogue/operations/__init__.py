"""Mistakes in the function that looks up files."""
