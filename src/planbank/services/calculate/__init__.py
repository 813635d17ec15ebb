"""calculate: the independent DVH of every ROI."""
