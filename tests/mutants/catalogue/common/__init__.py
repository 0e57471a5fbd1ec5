"""Mistakes in what several capabilities share."""
