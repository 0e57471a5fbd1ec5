"""A part of physical names that differs each time a stack is created."""

from aws_cdk import Aws, Fn


def incarnation() -> str:
    """The first eight characters of the UUID in the id of the stack whose template contains this.

    AWS keeps some things after their stack is deleted, such as log groups, or makes them again, and refuses their names
    to the next stack.
    """
    uuid = Fn.select(2, Fn.split("/", Aws.STACK_ID))
    return Fn.select(0, Fn.split("-", uuid))
