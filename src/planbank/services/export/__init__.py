"""export: prepares the files that somebody may take out (R113, R115)."""

from planbank.services.export.layout import lay_out
from planbank.services.export.reading import LaidOut
from planbank.services.export.run import export

__all__ = ["LaidOut", "export", "lay_out"]
