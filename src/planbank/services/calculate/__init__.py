"""calculate: the independent DVH of every ROI. Which dose is decided in choose.py."""

from planbank.services.calculate.run import calculate, calculation_lane

__all__ = ["calculate", "calculation_lane"]
