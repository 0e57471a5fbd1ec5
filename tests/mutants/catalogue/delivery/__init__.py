"""Mistakes in the roles for workflows on GitHub."""
