"""A function that looks up files, for the commands that people run."""
