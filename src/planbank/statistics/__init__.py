"""Any metric of any structure over a whole protocol, defined after the trial, not before it."""
