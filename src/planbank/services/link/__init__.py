"""link: which objects belong together. The rules are in weave.py, pure; the service is in run.py."""

from planbank.services.link.run import link

__all__ = ["link"]
