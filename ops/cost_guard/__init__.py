"""Checks of the detection of unusual costs."""
