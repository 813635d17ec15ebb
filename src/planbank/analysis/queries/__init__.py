"""What is read of plans for analysis."""
