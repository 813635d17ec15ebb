"""Templates of protocols: made from one, used in another (R149)."""
