"""One plan set."""
