"""The VPC and everything that decides who can reach whom."""
