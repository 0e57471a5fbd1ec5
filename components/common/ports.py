"""The ports that firewalls of more than one component must agree on."""

DATABASE = 5433  # not the default, which is the first that a scanner tries
DATABASE_PROXY = 5432  # the only one that RDS Proxy listens on
WEB_APP = 8080
HTTP, HTTPS = 80, 443
EPHEMERAL = (1024, 65535)  # from which NAT gateways, load balancers and functions open connections
