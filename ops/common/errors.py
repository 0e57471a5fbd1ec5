"""The one error that a person at the terminal gets to see."""


class OperationsError(Exception):
    """Something a person can mend; the message says what was wrong, with which value, and how to mend it."""
