"""What a dictionary says, and the plan sets it is asked about."""
