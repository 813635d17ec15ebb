"""commit: storage commitment requests judged by re-reading the archive, and answered to the gate (R21)."""

from planbank.services.commit.run import commit_forever, commit_once

__all__ = ["commit_forever", "commit_once"]
