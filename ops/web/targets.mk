# ---- the web pages of an environment on AWS --------------------------------------------------------------------

# The local cloud reads WEB_PORT too: make up WEB_PORT=8080.
$(call inputs,EMAIL INSTANCE WEB_PORT)

.PHONY: tunnel
tunnel: setup ## Forward a port of this machine (WEB_PORT=8080) to ENV's internal pages
	$(call run_ops,web) tunnel --port="$$WEB_PORT"

.PHONY: shell
shell: setup ## Open a shell on an instance of ENV, with a log of what it shows; INSTANCE=i-... for a certain one
	$(call run_ops,web) shell --instance="$$INSTANCE"

.PHONY: invite
invite: setup ## Let a person sign in to ENV's public pages: EMAIL=ada@example.com
	$(call run_ops,web) invite --email="$$EMAIL"
