"""Ways to the pages of a deployed environment: `make tunnel` to internal ones, `make invite` for public ones."""
