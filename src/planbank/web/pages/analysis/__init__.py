"""Plans for analysis: a protocol's rule, who needs a choice, the choice for one patient."""
