"""Tables that leave the house: one file a format."""
