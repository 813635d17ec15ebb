"""Accuracy of the dose engine on analytic bodies: `python -m bench.dose [--seed N]`."""
