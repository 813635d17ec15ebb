"""Data controllers of the bank: organisations that answer for data."""
