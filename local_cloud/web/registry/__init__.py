"""CloudFormation types that only the web capability uses."""
