"""Brings the database's schema to what this release needs, while CloudFormation deploys."""
