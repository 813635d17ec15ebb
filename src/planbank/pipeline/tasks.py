"""The one Procrastinate task of the house.

Comes in: a job (service, lane). Goes out: outcomes; see `drain`. Found by Procrastinate through
its module name.
"""

from __future__ import annotations

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from planbank.pipeline.drain import drain
from planbank.pipeline.due import DRAIN


@app.task(name=DRAIN, pass_context=True, retry=RetryStrategy(max_attempts=1000, wait=2))
def drain_lane(context: JobContext, service: str, lane: str) -> int:
    """Drain one lane of one service; tried again when the database was away."""
    house = context.additional_context["house"]
    attempts = context.job.attempts if context.job else 0
    return drain(house, service, lane, careful=attempts > 0)
