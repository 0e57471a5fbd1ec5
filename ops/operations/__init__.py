"""Commands that look up files, withdraw files and erase persons, through functions."""
