"""notify: makes notices of events, writes what is due by date, and sends what is in the outbox."""

from planbank.services.notify.run import notify_forever, notify_once

__all__ = ["notify_forever", "notify_once"]
