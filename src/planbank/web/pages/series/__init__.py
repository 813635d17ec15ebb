"""The objects of a series."""
