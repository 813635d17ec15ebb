"""bundle: all of a plan set as numbers that a browser draws from (R97, R100; docs/reference/bundle.md)."""
