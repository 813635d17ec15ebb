"""When Python looks for cycles of garbage, and among what.

Comes in: nothing. Goes out: a collector that leaves alone what was loaded at the start: Django, the compiled
engine, the tables of the Standard. A walk over all of it takes a tenth of a second, in the middle of whatever
was asked (bench.pages, bench.triggers).
"""

from __future__ import annotations

import gc


def spare_what_is_loaded() -> None:
    """Never look among what lives now. For processes that hold large arrays: the limits stay as they are."""
    gc.collect()
    gc.freeze()


def collect_less() -> None:
    """Besides, look less often.

    An answer of the site makes tens of thousands of small rows and drops them together. With Python's own
    limits the collector walked them over and over: half of the processor time of a large matrix, a fifth of
    any page (bench.pages).
    """
    spare_what_is_loaded()
    gc.set_threshold(50_000, 20, 50)
