"""Files that people upload stay in memory: they may hold patient data and are not ours to write down.

Comes in: the parts of a form. Goes out: files in memory. What is beyond the limit is not kept, and the
file says so by `too_large`, so that a page can tell its user.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

MOST_BYTES = 64 << 20
"""Of all files of one request together."""


class InMemory(FileUploadHandler):
    """The only upload handler of the site."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._total = 0
        self._over = False
        self._held = BytesIO()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._held, self._over = BytesIO(), False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._total += len(raw_data)
        if self._total > MOST_BYTES:
            self._held, self._over = BytesIO(), True
        elif not self._over:
            self._held.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self._held.seek(0)
        found = InMemoryUploadedFile(
            self._held,
            self.field_name,
            self.file_name or "",
            self.content_type or "",
            0 if self._over else file_size,
            self.charset,
            self.content_type_extra,
        )
        found.too_large = self._over
        return found
