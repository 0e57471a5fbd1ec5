# ---- environments of pull requests (docs/runbook/delivery.md) ----------------------------------------------------

$(call inputs,PULL_REQUEST)

.PHONY: expire
expire: setup ## Delete environments of pull requests that nobody deployed for days; PULL_REQUEST=12 for that one at once
	$(call run_ops,delivery) expire --pull-request="$$PULL_REQUEST"
