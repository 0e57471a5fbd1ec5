# ---- what happened to files (docs/runbook) ---------------------------------------------------------------------

$(call inputs,AGAIN EMAIL KEY VERSION WHY)

.PHONY: inspect
inspect: setup ## Show what happened to a file: KEY=incoming/orders.csv
	$(call run_ops,operations) inspect --key="$$KEY"

.PHONY: reconcile
reconcile: setup ## Find files whose events were lost, and load them; YES=1 does not ask
	$(call run_ops,operations) reconcile $(if $(filter 1,$(YES)),--yes)

.PHONY: forget
forget: setup ## Erase a person: EMAIL=ada@example.com; after a restore of the database, everybody again: AGAIN=1; YES=1 does not ask
	$(call run_ops,operations) forget --email="$$EMAIL" $(if $(filter 1,$(AGAIN)),--again) $(if $(filter 1,$(YES)),--yes)

.PHONY: withdraw
withdraw: setup ## Delete a file's rows and bring back what it replaced: KEY=incoming/orders.csv VERSION= WHY="wrong prices"; YES=1 does not ask
	$(call run_ops,operations) withdraw --key="$$KEY" --version="$$VERSION" --why="$$WHY" $(if $(filter 1,$(YES)),--yes)
