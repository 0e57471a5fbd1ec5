"""Sample order files, and the generator of more of them."""
