# What the targets of ops/*/targets.mk share.

# $(call run_ops,<capability>) starts a command line. Without ENV the shell decides: after `source .local/env.sh` it is the
# local cloud, otherwise dev. ENV=local works in every shell.
ENV_GIVEN = $(if $(ENV_IS_GIVEN),$$SELECTED_ENV)
define run_ops
	@if [ "$(ENV_GIVEN)" = local ] && ! [[ "$${AWS_ENDPOINT_URL:-}" =~ ^https?://(127\.0\.0\.1|localhost)[:/] ]]; then \
	  if [ ! -f .local/env.sh ]; then echo "$@: no local cloud is up: run \`make up\`" >&2; exit 1; fi; \
	  source .local/env.sh; \
	fi; \
	python -m ops.$(1) --env="$(ENV_GIVEN)" --region="$$REGION"
endef
