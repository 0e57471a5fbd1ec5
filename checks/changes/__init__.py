"""Says what a change of the infrastructure does: to stateful resources, to permissions, to the network.

Plain templates in, plain sentences out: nothing here imports the CDK, and nothing calls AWS.
"""
