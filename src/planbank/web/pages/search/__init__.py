"""One box for patients and plans."""
