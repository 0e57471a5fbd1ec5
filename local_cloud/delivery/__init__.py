"""What the emulator lacks for roles that workflows on GitHub assume."""
