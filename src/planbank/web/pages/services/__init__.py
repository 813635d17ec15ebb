"""Services: what the bank does by itself, how far it is, what could not be done."""
