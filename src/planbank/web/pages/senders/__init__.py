"""Senders: the systems that may send, for whom they send, and whether they can be reached."""
