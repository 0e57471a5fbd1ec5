"""Measures the web app's pages."""
