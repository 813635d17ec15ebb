"""Constraints as data: how they are written, judged and made due."""
