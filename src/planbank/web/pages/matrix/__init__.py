"""The matrix of a protocol: which plan has which structure."""
