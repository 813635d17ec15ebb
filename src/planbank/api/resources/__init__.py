"""One file a resource; each has a `router`. The resources are found by themselves."""
