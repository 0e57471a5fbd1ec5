"""Sets up and changes the repository itself."""
