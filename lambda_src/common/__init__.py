"""What the functions and the web app share; every asset holds a copy of this package beside its own."""
