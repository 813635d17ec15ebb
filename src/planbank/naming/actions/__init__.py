"""The verbs of a structure dictionary; each is one edition, journalled, and can be undone."""
