"""The platform on one machine: an AWS emulator, a real PostgreSQL, the real functions, each capability's service."""
