"""The measured programs; `bench.lab` runs each in a new process."""
