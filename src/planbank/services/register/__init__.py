"""register: parcels out of the transit area into archive and catalogue. The tray is its queue."""

from planbank.services.register.run import register_forever, register_once

__all__ = ["register_forever", "register_once"]
