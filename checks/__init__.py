"""Checks templates of any CDK app: changes, permissions, reachability and acknowledgements."""
