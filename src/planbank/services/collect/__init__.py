"""collect: what comes back to audit studies, filed before it could become a patient (R108, R109)."""

from planbank.services.collect.run import collect

__all__ = ["collect"]
