"""The example business: orders of a small shop."""
