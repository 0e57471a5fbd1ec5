"""What the commands of every capability share: the command line, the deployed environment, errors, the terminal."""
