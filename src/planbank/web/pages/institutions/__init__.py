"""The page of institutions: list, one, adding and changing."""
