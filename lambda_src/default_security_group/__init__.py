"""Takes every rule out of a VPC's default security group, while CloudFormation deploys."""
