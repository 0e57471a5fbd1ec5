"""Commands for files whose loading failed."""
