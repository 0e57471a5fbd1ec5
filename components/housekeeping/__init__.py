"""Deletes old rejected rows."""
