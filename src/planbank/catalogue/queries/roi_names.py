"""The names that ROIs go by, out of hundreds of thousands of ROIs: there are few, each many times.

Comes in: a word. Goes out: the names it stands in, as they were sent. The cost is that of the
different names: the index is followed from each to the next, not read from end to end.
"""

from __future__ import annotations

from django.db import connection

_NAMES = """
WITH RECURSIVE names(name) AS (
    (SELECT name FROM catalogue_roi ORDER BY name LIMIT 1)
    UNION ALL
    SELECT (SELECT name FROM catalogue_roi WHERE name > names.name ORDER BY name LIMIT 1)
    FROM names WHERE names.name IS NOT NULL
)
SELECT name FROM names WHERE UPPER(name) LIKE UPPER(%s)
"""


def roi_names(word: str) -> list[str]:
    """Every ROI name of the bank in which `word` stands, as it is, in any case."""
    literal = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    with connection.cursor() as cursor:
        cursor.execute(_NAMES, [f"%{literal}%"])
        return [name for (name,) in cursor.fetchall()]
