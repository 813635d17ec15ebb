"""Mail: what waits in the outbox and what went, for who runs the bank."""
