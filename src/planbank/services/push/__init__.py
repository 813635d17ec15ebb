"""push: sends the files of exports to registered nodes (R113, R114)."""

from planbank.services.push.run import push

__all__ = ["push"]
