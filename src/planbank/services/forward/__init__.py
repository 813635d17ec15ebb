"""forward: plan sets to registered destinations, each object once (R87, R89 to R92)."""

from planbank.services.forward.loop import forward_forever
from planbank.services.forward.run import forward

__all__ = ["forward", "forward_forever"]
