"""Measures the web app."""
