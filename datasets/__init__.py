"""Kinds of files, one folder each."""
