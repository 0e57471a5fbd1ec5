"""Describes what a change of the templates does to stateful resources, permissions and the network.

Templates in, text out: nothing here imports the CDK or calls AWS.
"""
