"""analyse: what one object says about itself. One file a kind; the service is in run.py."""

from planbank.catalogue.lanes import lane_of
from planbank.services.analyse.run import analyse

__all__ = ["analyse", "lane_of"]
