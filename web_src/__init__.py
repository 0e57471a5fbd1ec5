"""The web app: shows which files arrived and which of their rows were loaded."""
