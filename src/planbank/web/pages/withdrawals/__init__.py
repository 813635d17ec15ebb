"""Patients who leave a protocol: hidden at once, deleted after 14 days; and asking for an erasure."""
