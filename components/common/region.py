"""The AWS region of a construct, as far as synthesis knows it."""

from aws_cdk import Stack, Token
from constructs import Construct


def known_region(construct: Construct) -> str | None:
    """The region's name, or None if it is left open until the deployment."""
    region = Stack.of(construct).region
    return None if Token.is_unresolved(region) else region
