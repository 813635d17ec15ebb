"""What the bank does by itself: one file or folder each."""
