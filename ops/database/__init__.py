"""Checks of a deployed environment's database."""
