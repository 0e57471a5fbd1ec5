"""Mistakes in the keys, the log bucket, the alerts topic and the dead-letter queue of asynchronous invocations."""
