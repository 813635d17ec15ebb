"""Giving rights: grants given, confirmed, renewed, revoked (R46 to R49, R54, R213)."""

from planbank.access.granting.asked import MOST, PERIOD, Asked, full_period
from planbank.access.granting.ending import UNDONE, LastKeyUser, is_last_key_user, restore, revoke
from planbank.access.granting.giving import HeldAlready, confirm, give, planned
from planbank.access.granting.lasting import ask_again, let_end, may_renew, renew

__all__ = [
    "MOST",
    "PERIOD",
    "UNDONE",
    "Asked",
    "HeldAlready",
    "LastKeyUser",
    "ask_again",
    "confirm",
    "full_period",
    "give",
    "is_last_key_user",
    "let_end",
    "may_renew",
    "planned",
    "renew",
    "restore",
    "revoke",
]
