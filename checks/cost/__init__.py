"""What the resources of templates cost in a month: no credentials, no network, prices from a pinned table."""
