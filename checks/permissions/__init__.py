"""Who may do what, read from the synthesized templates: the bans, the reasons, and the page that shows them."""
