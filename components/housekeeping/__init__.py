"""Deletes rows that were kept for long enough."""
