"""Removes every rule from a VPC's default security group during the deployment."""
