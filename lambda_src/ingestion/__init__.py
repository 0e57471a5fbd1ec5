"""Loads each file that lands in S3 into the database exactly once."""
