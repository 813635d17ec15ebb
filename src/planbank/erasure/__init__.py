"""Withdrawal and erasure: asked, decided, confirmed by a second person, proved, and kept from coming back."""
