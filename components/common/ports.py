"""Ports that security groups and network ACLs of several components share."""

DATABASE = 5433  # not the default, which scanners try first
DATABASE_PROXY = 5432  # the only one that RDS Proxy listens on
HTTP, HTTPS = 80, 443
EPHEMERAL = (1024, 65535)  # the source ports of NAT gateways, load balancers and functions
