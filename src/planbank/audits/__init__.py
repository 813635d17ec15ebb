"""Audit studies on record: cases, observers, copies, how they go out, what comes back (R103 to R112)."""
