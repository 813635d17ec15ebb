"""What an object store answers, as errors of the archive."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from planbank.errors import ObjectMissing, StoreError


@contextlib.contextmanager
def told(what: str) -> Iterator[None]:
    """Errors of the store as those of the archive; its answer may name places, so it is left out."""
    from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError

    try:
        yield
    except AlreadyExistsError:
        raise
    except (NotFoundError, FileNotFoundError) as exc:
        raise ObjectMissing(what) from exc
    except (BaseError, OSError) as exc:
        raise StoreError(f"{what}: the object store did not do it ({type(exc).__name__}).") from exc
