"""Commands for the web pages of an environment on AWS: tunnel (internal pages), invite (public pages)."""
