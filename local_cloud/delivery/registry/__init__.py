"""CloudFormation types that only the roles for GitHub use."""
