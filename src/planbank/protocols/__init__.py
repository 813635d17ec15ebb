"""Protocols and projects: what is grouped, who takes part, whose agreement it rests on.

Comes in: what people register and add. Goes out: rows that say which data stand where, since when
and by whom. Nothing is copied: a protocol is membership rows (R36). Who may see what is decided
in `access`.
"""
