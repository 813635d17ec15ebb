"""Everything that can be allowed, as a flat list.

Comes in: nothing. Goes out: `ACTIONS`. A new permission is a line here and in a role of `roles.py`;
tests/access fails until both are there and agree with the table of security.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from planbank.protocols.levels import See, TakeOut

Scope = Literal["site", "institution", "self", "data", "protocol", "project", "audit study"]
# What a closed protocol still allows: nothing; reading while its controller keeps it open; always.
Closed = Literal["denied", "reading", "allowed"]


@dataclass(frozen=True)
class Action:
    """One thing a person can be allowed to do, and what it is allowed on.

    `scope` data: rows of the catalogue, reached through an institution, a protocol or a project;
    `see` and `take_out` are the levels such a row needs there.
    """

    name: str
    scope: Scope
    title: str | Promise
    see: See = See.NONE
    take_out: TakeOut = TakeOut.NONE
    closed: Closed = "denied"


_SEEN, _NAMED = See.PSEUDONYMISED, See.IDENTIFIED
_OWN = [
    Action("account.use", "self", _("Use one's own account"), closed="allowed"),
    Action("overview.view", "self", _("See one's own overview"), closed="allowed"),
]
_PEOPLE = [
    Action("institution.manage", "site", _("Add and change institutions and regions")),
    Action("user.view", "institution", _("See who has an account")),
    Action("user.create", "institution", _("Make accounts")),
    Action("user.disable", "institution", _("Switch accounts off and on, end their sessions")),
    Action("affiliation.give", "institution", _("Say who works for an institution")),
    Action("grant.view", "protocol", _("See grants"), closed="allowed"),
    Action("grant.give", "protocol", _("Give grants")),
    Action("grant.renew", "protocol", _("Renew grants of others")),
    Action("grant.revoke", "protocol", _("Revoke grants"), closed="allowed"),
    Action("access.explain", "protocol", _("Ask what somebody sees and why"), closed="allowed"),
]
_PROTOCOLS = [
    Action("protocol.view", "protocol", _("See a protocol's record"), closed="allowed"),
    Action("protocol.create", "site", _("Make a protocol")),
    Action("protocol.close", "protocol", _("Close a protocol, or open it again"), closed="allowed"),
    Action("protocol.edit", "protocol", _("Change a protocol's settings, centres, agreements")),
    Action("dictionary.edit", "protocol", _("Change structure types and the dictionary")),
    Action("trigger.edit", "protocol", _("Change triggers")),
    Action("participant.view", "protocol", _("See participants and progress"), see=_SEEN, closed="reading"),
    Action("participant.edit", "protocol", _("Register and change participants")),
    Action("project.create", "site", _("Make a project")),
    Action("project.view", "project", _("See a project's record"), closed="allowed"),
    Action("project.edit", "project", _("Change a project's settings and list")),
    Action("project.close", "project", _("Close a project"), closed="allowed"),
]
_DATA = [
    Action("data.add", "data", _("Add data to a protocol")),
    Action("data.remove", "data", _("Remove data from a protocol, with a reason")),
    Action("data.list", "data", _("List patients and plans"), see=_SEEN, closed="reading"),
    Action("data.view", "data", _("See patients, plans, images and doses"), see=_SEEN, closed="reading"),
    Action("data.statistics", "data", _("See statistics"), see=See.SUMMARY, closed="reading"),
    Action("data.identity", "data", _("See who a patient is"), see=_NAMED, closed="reading"),
    Action("arrivals.view", "institution", _("See what an institution sent, when and from where")),
    Action("upload.send", "institution", _("Send an institution's files by the site")),
    Action("patient.link", "institution", _("Link, merge and split patients")),
    Action("patient.look-up", "protocol", _("Find a person by number, journalled"), closed="allowed"),
    Action(
        "export.csv",
        "data",
        _("Take out tables"),
        see=_SEEN,
        take_out=TakeOut.PSEUDONYMISED,
        closed="reading",
    ),
    Action(
        "export.dicom",
        "data",
        _("Take out de-identified files"),
        see=_SEEN,
        take_out=TakeOut.PSEUDONYMISED,
        closed="reading",
    ),
    Action(
        "export.raw",
        "data",
        _("Take out files as received"),
        see=_NAMED,
        take_out=TakeOut.RAW,
        closed="reading",
    ),
    Action("export.approve", "protocol", _("Approve exports"), closed="reading"),
]
_AGREED = [
    Action("reuse.view", "protocol", _("See requests for reuse and disclosures"), closed="allowed"),
    Action("reuse.ask", "protocol", _("Ask for reuse")),
    Action("reuse.approve", "protocol", _("Approve or refuse reuse"), closed="allowed"),
    Action("reuse.revoke", "protocol", _("Revoke reuse"), closed="allowed"),
    Action("destination.ask", "protocol", _("Ask for a forwarding destination")),
    Action("destination.approve", "site", _("Approve forwarding destinations")),
    Action("audit.create", "protocol", _("Make an audit study")),
    Action("audit.distribute", "protocol", _("Distribute an audit study's copies")),
    Action("audit.collect", "protocol", _("Collect what an audit study's observers return")),
    Action("audit.view-own", "audit study", _("See and take out one's own copy")),
    Action("audit.return", "audit study", _("Return one's own copy")),
    Action("erase.view", "protocol", _("See withdrawals and erasures"), closed="allowed"),
    Action("erase.ask", "protocol", _("Ask for withdrawal or erasure"), closed="allowed"),
    Action("erase.decide", "protocol", _("Decide on withdrawal or erasure"), closed="allowed"),
    Action("erase.confirm", "site", _("Confirm an erasure as the second person"), closed="allowed"),
    Action("journal.read", "self", _("Read the journal"), closed="allowed"),
]
_RUNNING = [
    Action("quarantine.view", "institution", _("See what was set aside and why")),
    Action("quarantine.decide", "site", _("Release or delete what unknown senders sent")),
    Action("quarantine.decide-own", "institution", _("Release or delete what one's own institution sent")),
    Action("senders.manage", "site", _("Register senders and test their echo")),
    Action("services.view", "site", _("See services, queue and outcomes")),
    Action("services.run", "site", _("Run a service again")),
]
ACTIONS: dict[str, Action] = {
    action.name: action for action in [*_OWN, *_PEOPLE, *_PROTOCOLS, *_DATA, *_AGREED, *_RUNNING]
}
