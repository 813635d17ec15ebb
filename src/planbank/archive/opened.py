"""The archive that the settings name.

Comes in: settings. Goes out: a `Store`: the folder of the home, or a bucket of an object store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from planbank.archive.folder import FolderStore
from planbank.errors import SettingsError

if TYPE_CHECKING:
    from planbank.archive.store import Store
    from planbank.config import Settings


def store_of(settings: Settings, *, tried: bool = False) -> Store:
    """The archive; with `tried`, an object store must show that it keeps what was put first.

    Raises SettingsError for an address that is none, StoreError where the store cannot be used.
    """
    if not settings.archive_url:
        return FolderStore(settings.archive_dir)
    from planbank.archive.durable import make_folder
    from planbank.archive.s3 import Bucket, S3Store

    place = urlsplit(settings.archive_url)
    if place.scheme != "s3" or not place.hostname or place.query or place.fragment:
        raise SettingsError("archive_url is written as s3://BUCKET or s3://BUCKET/FOLDER.")
    secret = ""
    if settings.s3_secret_file is not None:
        try:
            secret = settings.s3_secret_file.read_text().strip()
        except OSError as exc:
            raise SettingsError(f"s3_secret_file: {exc.strerror}.") from exc
    spool = settings.archive_dir / "parts"
    make_folder(spool)
    store = S3Store(
        Bucket(
            name=place.hostname,
            folder=place.path.strip("/"),
            endpoint=settings.s3_endpoint,
            region=settings.s3_region,
            access_key_id=settings.s3_access_key_id,
            secret=secret,
        ),
        spool,
    )
    if tried:
        store.must_keep_the_first()
    return store
