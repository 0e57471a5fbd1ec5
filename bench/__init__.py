"""Benchmarks. Each compares with a reference in the same run, because machines differ and are shared."""
