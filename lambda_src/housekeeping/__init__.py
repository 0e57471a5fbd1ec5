"""Removes what was kept for long enough: rejected rows, which hold personal data."""
