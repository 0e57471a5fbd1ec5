"""Commands that look up what happened to files."""
