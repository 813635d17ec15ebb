"""The page for a forgotten password."""
