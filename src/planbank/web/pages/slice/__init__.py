"""The picture of a plan set's middle slice, as bundle drew it."""
