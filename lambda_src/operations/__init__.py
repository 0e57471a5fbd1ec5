"""Looks up for people what the database knows of a file; reads only."""
