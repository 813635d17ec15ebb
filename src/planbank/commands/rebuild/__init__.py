"""Rebuilding a bank whose database is lost (R133, R205).

Comes in: the archive, the keys, and what `planbank settings export` wrote. Goes out: the same bank: decisions
and identities from the file, what arrived since from the archive's own records, and everything that can be
calculated is calculated again.
"""
