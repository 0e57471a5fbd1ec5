"""Mistakes in the alerts about costs."""
