"""Every door of the bank, declared: what it asks, who may come at all, what of patients it shows.

Comes in: the tables beside this file, one line a door. Goes out: `SITE`, `API`, `DIMSE`, `COMMANDS`
and `JOBS` by name. A page or address without its line does not exist, nor does a method that its line
does not name (web/middleware.py); tests/house holds the tables to what is there, both ways, and
tests/access walks every door as every kind of person (security.md, Permissions, property 1).
"""

from planbank.access.surface.api import DOORS as API
from planbank.access.surface.commands import DOORS as COMMANDS
from planbank.access.surface.dimse import DOORS as DIMSE
from planbank.access.surface.door import Door, Shows, Who
from planbank.access.surface.jobs import DOORS as JOBS
from planbank.access.surface.site import DOORS as SITE

__all__ = ["API", "COMMANDS", "DIMSE", "JOBS", "SITE", "Door", "Shows", "Who"]
