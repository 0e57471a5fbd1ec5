"""Commands that look up files in the ledger and erase persons, through functions: inspect, reconcile, forget."""
