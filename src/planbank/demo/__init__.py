"""A seeded site with invented patients."""
