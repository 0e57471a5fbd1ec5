"""Mistakes in the web app."""
