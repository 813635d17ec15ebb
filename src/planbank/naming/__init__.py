"""Structure dictionary: which names as sent stand for which structure, and what that leaves open."""
