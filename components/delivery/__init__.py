"""Roles with which workflows on GitHub deploy and check an environment."""
