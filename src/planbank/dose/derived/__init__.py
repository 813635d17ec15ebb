"""derived: structures made of others (union, minus, intersection, one side), on geometry, never on curves."""
