"""Images of a series -> stacks -> is anything missing?

Comes in: `Slice`s, what is known of each image. Goes out: `Stack`s and a `Judgement` on each
(model.md, Stacks; R28).
"""

from planbank.dicom.stacks.judge import Judgement, Reason, Verdict, judge
from planbank.dicom.stacks.slices import Slice, Stack
from planbank.dicom.stacks.split import split

__all__ = ["Judgement", "Reason", "Slice", "Stack", "Verdict", "judge", "split"]
