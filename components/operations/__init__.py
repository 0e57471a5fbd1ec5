"""Answers questions about files for the commands that people run."""
