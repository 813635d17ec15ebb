"""A plan on paper: prescription, numbers, curves, three planes, findings (R97, R102)."""
