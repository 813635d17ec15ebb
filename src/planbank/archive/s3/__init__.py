"""An S3-compatible object store as archive: for banks of several machines.

Comes in: bytes under a key. Goes out: the same bytes. An object is put with the condition that nothing
lies there (If-None-Match: *), so of many writers one keeps, as with a folder's link; a store that does not
know the condition is refused at start. The port is `archive.store`; the library is obstore (planbank[s3]).
"""

from planbank.archive.s3.store import Bucket, S3Store

__all__ = ["Bucket", "S3Store"]
