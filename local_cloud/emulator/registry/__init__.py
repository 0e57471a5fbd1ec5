"""One module for each CloudFormation resource type, which defines `RESOURCE`."""
