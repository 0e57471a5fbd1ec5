"""Keys, the log bucket, alerts, and the dead-letter queue of asynchronous invocations."""
