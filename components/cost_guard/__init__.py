"""Alerts about the account's costs."""
