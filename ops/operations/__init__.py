"""Commands that look up files in the ledger, through the operations function: inspect, reconcile."""
