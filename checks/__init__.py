"""Proves templates right. Knows nothing of this project."""
