"""What workflows on GitHub run besides `make deploy` and `make verify`."""
