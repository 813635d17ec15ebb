"""The doses of two plans of one patient compared (R101)."""
