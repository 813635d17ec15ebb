"""One object: what it says, how it came, what became of it."""
