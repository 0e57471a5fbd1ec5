"""What people do to a running pipeline: `make inspect`, `redrive`, `replay`, `reconcile`, `reprocess`.

Against the local cloud and a real account alike; docs/runbook/README.md says when, and with which permissions.
"""
