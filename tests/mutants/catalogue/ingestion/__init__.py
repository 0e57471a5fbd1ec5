"""Mistakes on the way from a landed file to rows."""
