"""The journal: who did what, to what, when, and whether the chain holds."""
