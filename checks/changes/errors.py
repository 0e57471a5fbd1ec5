"""What a person can mend."""


class ChangesError(Exception):
    """Says what was wrong, with which value, and how to mend it."""
