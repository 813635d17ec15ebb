"""Receipts: what came of each plan set, in plain words, for the centre that sent it."""
