"""What runs inside the emulator's own process and virtual environment: its launcher, patches and added types."""
