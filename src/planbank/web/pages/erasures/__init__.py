"""Erasures: asked, decided, confirmed by a second person, proved."""
