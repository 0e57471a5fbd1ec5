"""The web app: shows which files came, and what became of their rows."""
