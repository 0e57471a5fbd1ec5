# ---- loading files again (docs/runbook) ------------------------------------------------------------------------

$(call inputs,FROM KEY TO VERSION WHY)

.PHONY: redrive
redrive: setup ## Move dead letters and undelivered events back to the queue
	$(call run_ops,ingestion) redrive

.PHONY: replay
replay: setup ## Send the archived events of a time span again: FROM=2026-11-20T10:00Z TO=
	$(call run_ops,ingestion) replay --from="$$FROM" --to="$$TO"

.PHONY: reprocess
reprocess: setup ## Load a file again: KEY=incoming/orders.csv VERSION= WHY="the limit was raised"; YES=1 does not ask
	$(call run_ops,ingestion) reprocess --key="$$KEY" --version="$$VERSION" --why="$$WHY" $(if $(filter 1,$(YES)),--yes)
