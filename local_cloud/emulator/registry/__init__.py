"""One module a CloudFormation resource type, each with its `RESOURCE`."""
