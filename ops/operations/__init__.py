"""Commands that ask the operations function what the ledger has of files: inspect, reconcile."""
