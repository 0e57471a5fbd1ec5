"""The error that a person at the terminal sees."""


class CommandError(Exception):
    """A person can fix the cause. The message names it, the value, and what to do."""
