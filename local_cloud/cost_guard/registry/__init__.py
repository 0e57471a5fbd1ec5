"""CloudFormation types that only the alerts about costs use."""
