"""Who may do what about withdrawal and erasure (security.md, Permissions: erase).

Comes in: an act of a person. Goes out: nothing where the policy allows it, else Refused with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from planbank.access.listing import centres_in_reach
from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.access.verdict import Refused, Verdict
from planbank.erasure.models import Erasure
from planbank.people.models import User
from planbank.protocols.act import Act
from planbank.protocols.models import Protocol

SECOND = "erase.confirm"


def demand(act: Act, action: str, protocol: Protocol | None = None, institutions: Iterable[int] = ()) -> None:
    """Raises Refused where the person of the act may not do it, there and now; a service never may.

    `institutions`: whose data it is about; a grant that is held to others does not reach them.
    """
    scope = Scope.of(protocol) if protocol is not None else None
    verdict = may(act.user, action, act.at, scope)
    if not verdict:
        raise Refused(verdict)
    whose = set(institutions)
    if scope is None or not whose or act.user is None:
        return
    reach = centres_in_reach(act.user, action, act.at, scope)
    if reach is not None and not reach & whose:
        raise Refused(Verdict(False, _("hidden, or not there")))


def may_decide(act: Act, row: Erasure) -> bool:
    """Whether this person says yes or no to it now, for the controller."""
    return row.state == Erasure.State.ASKED and _may(act, "erase.decide", row)


def may_confirm(act: Act, row: Erasure) -> bool:
    """Whether this person can be the second one."""
    return (
        row.state == Erasure.State.DECIDED
        and is_second(act.user, row)
        and bool(may(act.user, SECOND, act.at))
    )


def may_refuse(act: Act, row: Erasure) -> bool:
    """The controller's person while it is not confirmed; the second person before confirming."""
    if row.state == Erasure.State.DECIDED and may(act.user, SECOND, act.at):
        return True
    return row.state in (Erasure.State.ASKED, Erasure.State.DECIDED) and _may(act, "erase.decide", row)


def may_lift(act: Act, row: Erasure) -> bool:
    """Whether this person can let the same data come in again."""
    open_to_it = row.state == Erasure.State.DONE and row.lifted_at is None
    action = "erase.decide" if row.protocol_id else SECOND
    return open_to_it and _may(act, action, row)


def is_second(user: User | None, row: Erasure) -> bool:
    """Neither who asked nor who decided."""
    return user is not None and user.pk not in (row.asked_by_id, row.decided_by_id)


def _may(act: Act, action: str, row: Erasure) -> bool:
    try:
        demand(act, action, row.protocol, [row.institution_id])
    except Refused:
        return False
    return True
