"""The mapping assistant: which structure a name as sent most likely means, and which rule would say so.

`words.py` reads a name, `lexicon.csv` knows what its words mean, `rank.py` orders structure types by
how well they fit, `entry.py` finds the most general rule that is safe. Pure; nothing here decides.
"""

from planbank.naming.suggest.rank import Candidate, Suggestion, rank

__all__ = ["Candidate", "Suggestion", "rank"]
