"""Centres of a protocol: they take part, change, end, come back."""
