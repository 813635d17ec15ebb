"""analyse: what one object says about itself. One file a kind; the service is in run.py."""

from planbank.services.analyse.run import analyse, lane_of

__all__ = ["analyse", "lane_of"]
