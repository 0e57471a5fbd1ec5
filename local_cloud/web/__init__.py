"""The web capability on this machine."""
