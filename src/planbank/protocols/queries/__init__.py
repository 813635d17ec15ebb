"""Reads of protocols that more than one room or page needs."""
