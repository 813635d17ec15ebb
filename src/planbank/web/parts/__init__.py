"""The kit of look.md: what pages are put together from.

Comes in: plain values and lists from views. Goes out: markup of one look, escaped.
"""
