"""Who works for an institution: adding, renewing, ending."""
