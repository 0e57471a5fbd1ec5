"""Migrates the database schema and sets the database roles during the deployment."""
