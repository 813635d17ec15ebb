"""The set-up sheet: what a centre must know to send, on one printed page (R1, R10)."""
