"""The Procrastinate tasks of the house.

Comes in: a job (service, lane), or a rerun. Goes out: outcomes; see `drain` and `everything`. Found
by Procrastinate through its module name.
"""

from __future__ import annotations

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from planbank.pipeline.drain import drain
from planbank.pipeline.due import DRAIN
from planbank.pipeline.everything import GO_ON, go_on


@app.task(name=DRAIN, pass_context=True, retry=RetryStrategy(max_attempts=1000, wait=2))
def drain_lane(context: JobContext, service: str, lane: str) -> int:
    """Drain one lane of one service; tried again when the database was away."""
    house = context.additional_context["house"]
    attempts = context.job.attempts if context.job else 0
    return drain(house, service, lane, careful=attempts > 0)


@app.task(name=GO_ON, pass_context=True, retry=RetryStrategy(max_attempts=1000, wait=2))
def make_everything_due(context: JobContext, run: int) -> int:
    """Make a service due for all there is; taken up again when its worker died."""
    return go_on(context.additional_context["house"], run)
