"""Measurements, each a ratio to a reference in the same run, since machines differ and are shared."""
