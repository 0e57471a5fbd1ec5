# ---- a whole environment (docs/runbook/README.md) ----------------------------------------------------------------

$(call inputs,CONFIRM)

.PHONY: bootstrap
bootstrap: setup ## Prepare the account and region for ENV, once: least privilege for deployments, a boundary for roles
	$(call run_ops,environment) bootstrap --account="$$ACCOUNT"

.PHONY: doctor
doctor: setup ## Before a deployment: check that the account can take ENV (quotas, names, bootstrap); exit status 1 if not
	$(call run_ops,environment) doctor --account="$$ACCOUNT"

.PHONY: verify
verify: setup ## Check that ENV is as its templates say, and that a file becomes rows; exit status 1 if not
	$(call run_ops,environment) verify

.PHONY: destroy
destroy: setup ## Delete everything of ENV, after showing what is lost; asks for its name, or CONFIRM=<project>-<environment>
	$(call run_ops,environment) destroy --confirm="$$CONFIRM"
