"""Published lists of codes."""
