"""Code that all capabilities' commands share: the command line, the deployed environment, errors, the terminal."""
