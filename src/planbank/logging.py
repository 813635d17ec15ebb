"""Logging: one JSON line per event, without identities.

Comes in: events of every room. Goes out: lines on standard error; a processor drops every key
that could hold a person, and CR, LF and ESC in values cannot make a second line (JSON).
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

# Keys that no line may carry, whatever room writes it.
FORBIDDEN = frozenset(
    {
        *("patient_id", "patient_name", "name", "birth_date", "cpr", "value", "identity", "sent_id"),
        *("password", "token"),
    }
)


def drop_identities(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Remove forbidden keys."""
    for key in FORBIDDEN & event.keys():
        del event[key]
    return event


def configure(level: str, process: str) -> None:
    """Send everything, standard library's logging included, through one pipe."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        drop_identities,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _traceback_without_values,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("procrastinate", "pynetdicom", "pydicom", "gunicorn.access", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    logging.getLogger("django.request").addFilter(_only_faults)
    structlog.contextvars.bind_contextvars(process=process)


def _only_faults(record: logging.LogRecord) -> bool:
    """Django reports each 404 and 503 with its address; only a fault of ours is worth a line."""
    return getattr(record, "status_code", 500) in (500, None)


def _traceback_without_values(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Where it happened and of what kind; an exception's text may quote the data."""
    exc_info = event.pop("exc_info", None)
    if exc_info:
        kind, _exc, frame = exc_info if isinstance(exc_info, tuple) else sys.exc_info()
        places = []
        while frame is not None:
            code = frame.tb_frame.f_code
            places.append(
                f"{code.co_filename.rsplit('/site-packages/')[-1]}:{frame.tb_lineno} {code.co_name}"
            )
            frame = frame.tb_next
        event["exception"] = getattr(kind, "__name__", str(kind))
        event["at"] = places[-6:]
    return event
