"""Acts, actors and things of the journal in words.

Comes in: what was recorded. Goes out: words; what is not known here stands as it was recorded.
"""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTS: dict[str, str | Promise] = {
    "sign-in": _("signed in"),
    "sign-out": _("signed out"),
    "add second factor": _("added a second factor"),
    "remove second factor": _("removed a second factor"),
    "make recovery codes anew": _("made new recovery codes"),
    "end sessions": _("ended sessions"),
    "set password": _("set a password"),
    "ask for a new password": _("asked for a new password"),
    "join single sign-on": _("joined single sign-on with the account"),
    "make one-time link": _("made a one-time link"),
    "view": _("looked at"),
    "open viewer": _("opened in the viewer"),
    "make report": _("made a report"),
    "compare doses": _("compared doses"),
    "search": _("searched"),
    "take out list": _("took out a list"),
    "read by API": _("read by the API"),
    "submit": _("sent"),
    "set aside": _("set aside"),
    "release from quarantine": _("released from quarantine"),
    "delete from quarantine": _("deleted from quarantine"),
    "ask for storage commitment": _("asked for storage commitment"),
    "judge storage commitment": _("judged storage commitment"),
    "report storage commitment": _("reported storage commitment"),
    "make account": _("made an account"),
    "change account": _("changed an account"),
    "switch account off": _("switched an account off"),
    "switch account on": _("switched an account on"),
    "give affiliation": _("said that somebody works for an institution"),
    "change affiliation": _("renewed or changed somebody's work"),
    "end affiliation": _("ended somebody's work"),
    "register institution": _("added an institution"),
    "change institution": _("changed an institution"),
    "register region": _("added a region"),
    "register sender": _("registered a sender"),
    "change sender": _("changed a sender"),
    "switch sender on": _("switched a sender on"),
    "switch sender off": _("switched a sender off"),
    "bind certificate": _("bound a certificate"),
    "unbind certificate": _("took a certificate away"),
    "echo": _("tested the echo"),
    "run again": _("ran a service again"),
    "apply settings": _("applied settings"),
    "token made": _("made a token"),
    "token ended": _("ended a token"),
    "give grant": _("gave a permission"),
    "propose grant": _("proposed a permission"),
    "confirm grant": _("confirmed a permission"),
    "renew grant": _("renewed a permission"),
    "revoke grant": _("revoked a permission"),
    "answer broken off": _("had an answer broken off: a permission ended"),
    "restore grant": _("gave a revoked permission back"),
    "explain access": _("asked what somebody sees"),
    "ask who sees": _("asked who sees a patient"),
    "link patient number": _("linked a number to a patient"),
    "join patients": _("joined two patients"),
    "split patient": _("split studies off a patient"),
    "undo identity change": _("undid a decision about who is who"),
    "register participant": _("registered a participant"),
    "change participant": _("changed a participant"),
    "remove participant": _("took a participant off the list"),
    "upload participants": _("uploaded a table of participants"),
    "save attribute": _("changed an attribute of participants"),
    "remove attribute": _("removed an attribute of participants"),
    "make template": _("made a template"),
    "use template": _("used a template"),
    "remove template": _("removed a template"),
    "make project": _("made a project"),
    "change project": _("changed a project"),
    "activate project": _("activated a project"),
    "close project": _("closed a project"),
    "open project again": _("opened a project again"),
    "list in project": _("listed data in a project"),
    "take off project": _("took data off a project's list"),
    "ask for reuse": _("asked for reuse"),
    "reuse approved": _("approved reuse"),
    "reuse refused": _("refused reuse"),
    "reuse revoked": _("revoked reuse"),
    "reuse taken back": _("took a request for reuse back"),
    "add agreement": _("added an agreement"),
    "change agreement": _("changed an agreement"),
    "take agreement away": _("took an agreement away"),
    "add centre": _("added a centre"),
    "change centre": _("changed a centre"),
    "end centre": _("ended a centre's part"),
    "add contact": _("added a contact"),
    "change contact": _("changed a contact"),
    "take contact away": _("took a contact away"),
    "make controller": _("added a data controller"),
    "change controller": _("changed a data controller"),
    "add data": _("added data"),
    "remove data": _("removed data"),
    "remove patient": _("removed a patient"),
    "enrol patient": _("enrolled a patient"),
    "enrol patient again": _("enrolled a patient again"),
    "trigger fired": _("filed by a trigger"),
    "trigger made": _("made a trigger"),
    "trigger changed": _("changed a trigger"),
    "change constraints": _("changed the constraints of a protocol"),
    "dictionary changed": _("changed a structure dictionary"),
    "set rule of plans for analysis": _("set the rule of plans for analysis"),
    "choose plan for analysis": _("chose a plan for analysis"),
    "undo choice of plan for analysis": _("took back a choice of plan for analysis"),
    "triggers again": _("let triggers look at stored data"),
    "lift restriction": _("lifted a restriction"),
    "make protocol": _("made a protocol"),
    "change protocol": _("changed a protocol"),
    "change controllers": _("changed data controllers"),
    "activate protocol": _("activated a protocol"),
    "close protocol": _("closed a protocol"),
    "open protocol again": _("opened a protocol again"),
    "ask for erasure": _("asked for an erasure"),
    "decide on erasure": _("allowed an erasure"),
    "refuse erasure": _("refused an erasure"),
    "confirm erasure": _("confirmed an erasure"),
    "lift erasure": _("lifted an erasure"),
    "erase": _("erased"),
    "erase waiting parcel": _("erased a waiting parcel"),
    "register again": _("registered again what the archive held"),
    "erased data found again": _("found erased data again"),
    "patient withdrawn": _("withdrew a patient"),
    "patient restricted": _("restricted a patient"),
    "patient removed": _("removed a patient"),
    "withdrawal is carried out": _("carried out a withdrawal"),
    "journal entries lost": _("said that journal entries are lost"),
    "delete unassigned soon": _("had unassigned data deleted soon"),
    "delete unassigned soon undone": _("undid the early deletion of unassigned data"),
    "keep unassigned longer": _("kept unassigned data longer"),
    "keep no longer": _("ended the longer keeping of unassigned data"),
    "choose notices": _("chose notices"),
    "send messages again": _("had messages sent again"),
    "add escrow key": _("added an escrow key"),
    "bring back key": _("brought a key back"),
    "hand out keys": _("handed keys out to a process"),
    "retire key": _("retired a key"),
    "rotate key": _("changed a key"),
    "reseal parcels": _("sealed parcels anew"),
    "ask for export": _("asked to take files out"),
    "export approved": _("approved an export"),
    "export refused": _("refused an export"),
    "export revoked": _("revoked an export"),
    "export cancelled": _("cancelled an export"),
    "export tried again": _("tried again what an export lacked"),
    "take out files": _("took files out"),
    "make audit study": _("made an audit study"),
    "change audit study": _("changed an audit study"),
    "add audit cases": _("took cases into an audit study"),
    "add audit observers": _("took observers into an audit study"),
    "drop audit case": _("took a case out of an audit study"),
    "drop audit observer": _("took an observer out of an audit study"),
    "open audit study": _("opened an audit study"),
    "close audit study": _("closed an audit study"),
    "make audit copy": _("made a copy for an audit study"),
    "send audit copy": _("began to send a copy of an audit study"),
    "send audit copy again": _("had a copy of an audit study sent again"),
    "audit copy accepted": _("saw a copy of an audit study accepted"),
    "withdraw audit copy": _("withdrew a copy of an audit study"),
    "give link to audit copy": _("gave out a link to a copy of an audit study"),
    "take audit copy by link": _("took a copy of an audit study by its link"),
    "remind audit observers": _("reminded observers of an audit study"),
    "file audit return": _("filed a return to an audit study"),
    "choose audit reference": _("chose what returns to an audit study are held against"),
    "refuse audit return": _("refused a return to an audit study"),
    "audit return waits": _("set a return to an audit study aside for a decision"),
    "take back decision about audit return": _("took back a decision about a return to an audit study"),
    "ask to forward": _("asked for a forward"),
    "cancel forward": _("cancelled a forward"),
    "forward": _("began to forward"),
    "forwarded": _("forwarded"),
    "pause forward": _("paused a forward"),
    "release forward": _("released a forward"),
    "resend forward": _("sent a forward again"),
    "resume forward": _("went on with a forward"),
    "register destination": _("registered a destination"),
    "change destination": _("changed a destination"),
    "confirm destination": _("confirmed a destination"),
    "pause destination": _("paused a destination"),
    "resume destination": _("went on with a destination"),
    "switch destination off": _("switched a destination off"),
    "switch destination on": _("switched a destination on"),
    "triggers again stopped": _("stopped triggers looking at stored data"),
    "triggers tried on files": _("tried triggers on files"),
    "pause service": _("paused a service"),
    "service goes on": _("let a service go on"),
}
KINDS: dict[str, str | Promise] = {
    "service": _("service"),
    "sender": _("sender"),
    "command": _("command"),
}
THINGS: dict[str, str | Promise] = {
    "patient file": _("patient file"),
    "patient files": _("patients"),
    "plan set": _("plan"),
    "plan sets": _("plans"),
    "arrivals": _("arrivals"),
    "association": _("association"),
    "quarantine": _("quarantine"),
    "parcel": _("parcel"),
    "commitment": _("storage commitment"),
    "sender": _("sender"),
    "service": _("service"),
    "user": _("account"),
    "token": _("token"),
    "grant": _("permission"),
    "enrolment": _("enrolment"),
    "institution": _("institution"),
    "affiliation": _("work for an institution"),
    "region": _("region"),
    "key": _("key"),
    "protocol": _("protocol"),
    "erasure": _("erasure"),
    "withdrawals": _("withdrawals"),
    "journal": _("journal"),
    "reuse": _("reuse"),
    "export": _("export"),
    "audit study": _("audit study"),
}
LONGEST = 300


def choices() -> list[tuple[str, str]]:
    """Every act with its words, in the order of the words."""
    return sorted(((code, str(words)) for code, words in ACTS.items()), key=lambda one: one[1].lower())


def act(action: str) -> str:
    """What was done, in words."""
    return str(ACTS.get(action, action))


def thing(kind: str) -> str:
    """What it was done to."""
    return str(THINGS.get(kind, kind))


def details(detail: dict[str, Any]) -> str:
    """Counts and codes as 'files 3, reason moved', cut where it is long."""
    parts = (
        f"{name.replace('_', ' ')} {_value(value)}"
        for name, value in detail.items()
        if value not in ("", None, [])
    )
    text = ", ".join(parts)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(_value(one) for one in value)
    if isinstance(value, dict):
        return "; ".join(f"{key} {_value(one)}" for key, one in value.items())
    return str(value)
