"""Deletes rejected rows, which may contain personal data, after their retention period."""
