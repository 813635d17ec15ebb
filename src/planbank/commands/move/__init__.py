"""Moving a bank: its archive into another store, its database onto another server.

Comes in: a bank at rest and where to. Goes out: a copy that was read again and compared. The source is never
changed; the settings that name the new place are the operator's to write.
"""
