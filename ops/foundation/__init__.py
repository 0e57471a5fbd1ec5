"""Checks of what all capabilities share: the alerts topic."""
