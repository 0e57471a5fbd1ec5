"""Commands that people run against a deployed environment: one package per capability."""
