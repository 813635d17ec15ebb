"""People and permissions: who holds what, until when; given, renewed, revoked; what somebody sees."""
