"""The verbs of protocols, one file a kind of thing.

Comes in: an `Act` (who, when), rows and values; whoever calls has asked the policy. Goes out: rows changed
and one journal entry, in one transaction; or an error in words. Doing it twice is doing it once.
"""
