"""Building blocks that several capabilities use."""
