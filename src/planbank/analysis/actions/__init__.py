"""What people decide about plans for analysis."""
