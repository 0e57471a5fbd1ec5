"""Mistakes in the network."""
