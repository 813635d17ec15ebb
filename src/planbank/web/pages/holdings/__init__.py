"""What stands in a protocol: patients, plans, what was removed; adding to it from anywhere."""
