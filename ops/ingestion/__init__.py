"""Commands that load files again: redrive, replay, reprocess."""
