"""Who may do what, read from the synthesized templates: grants, their reasons, and what is prohibited."""
