"""Mistakes in the nightly removal of old rejected rows."""
