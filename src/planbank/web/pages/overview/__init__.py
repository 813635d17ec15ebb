"""What there is, what came last, what needs somebody."""
