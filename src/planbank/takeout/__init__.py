"""Files that leave the bank, on record: asked, approved by another, prepared, taken (R113, R120, R169)."""
