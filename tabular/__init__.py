"""Datasets: what a kind of file contains, as declared in `datasets/<name>/schema.json`, and the rules that follow."""
