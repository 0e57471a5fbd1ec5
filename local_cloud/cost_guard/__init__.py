"""What the alerts about costs need on this machine, which costs nothing."""
