"""What came, when, from whom."""
