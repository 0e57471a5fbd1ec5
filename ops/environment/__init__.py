"""Commands about a whole environment: all its stacks, and what is in them."""
