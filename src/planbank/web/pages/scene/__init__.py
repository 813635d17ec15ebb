"""What the viewer opens: the bundle of a plan set and the words that its reader may see (R97, R98, R208)."""
