"""How long triggers take to look at a plan set."""
