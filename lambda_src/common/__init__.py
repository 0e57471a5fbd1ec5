"""Code that runtimes share. Every asset contains a copy of this package beside its own."""
