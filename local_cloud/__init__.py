"""The whole architecture on one machine: an AWS emulator, a real PostgreSQL, the real functions and web app."""
