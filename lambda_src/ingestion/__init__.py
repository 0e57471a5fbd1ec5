"""Turns each landed file into rows, once."""
