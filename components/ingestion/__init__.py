"""Loads each file that lands in S3 into PostgreSQL."""
