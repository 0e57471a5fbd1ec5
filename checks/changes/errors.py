"""The error of a comparison that can't be made."""


class ChangesError(Exception):
    """Says what is wrong, with which value, and how to fix it."""
