"""Code that runs inside the emulator's process and virtual environment: launcher, patches and added resource types."""
