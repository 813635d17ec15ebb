"""What came and where it may come from, in words.

Comes in: groups. Goes out: text for pages and CSV; nothing here has seen the content of a file.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy

from planbank.catalogue.quarantine_words import NO_INSTITUTION, OTHER_ADDRESS, OTHER_CERTIFICATE, UNKNOWN
from planbank.dicom import uids
from planbank.people.models import Sender
from planbank.web.parts.words import thin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planbank.catalogue.quarantine_groups import Group

MOST_KINDS = 3
_KINDS = {
    "": ngettext_lazy("%(count)s sealed file", "%(count)s sealed files", "n"),
    uids.CT_IMAGE: ngettext_lazy("%(count)s CT image", "%(count)s CT images", "n"),
    uids.MR_IMAGE: ngettext_lazy("%(count)s MR image", "%(count)s MR images", "n"),
    uids.PET_IMAGE: ngettext_lazy("%(count)s PET image", "%(count)s PET images", "n"),
    uids.RT_IMAGE: ngettext_lazy("%(count)s RT image", "%(count)s RT images", "n"),
    uids.RT_STRUCTURE_SET: ngettext_lazy("%(count)s structure set", "%(count)s structure sets", "n"),
    uids.RT_PLAN: ngettext_lazy("%(count)s plan", "%(count)s plans", "n"),
    uids.RT_ION_PLAN: ngettext_lazy("%(count)s ion plan", "%(count)s ion plans", "n"),
    uids.RT_DOSE: ngettext_lazy("%(count)s dose", "%(count)s doses", "n"),
    uids.RT_BEAMS_RECORD: ngettext_lazy("%(count)s treatment record", "%(count)s treatment records", "n"),
    uids.RT_ION_RECORD: ngettext_lazy("%(count)s ion record", "%(count)s ion records", "n"),
    uids.REGISTRATION: ngettext_lazy("%(count)s registration", "%(count)s registrations", "n"),
}


def files_in_words(number: int) -> str:
    """'42 files'."""
    return ngettext("%(n)s file", "%(n)s files", number) % {"n": thin(number)}


def what_came(classes: dict[str, int]) -> str:
    """'18 CT images, 1 structure set', the most frequent first; a few kinds, then how many more."""
    kinds = sorted(classes.items(), key=lambda item: (-item[1], item[0]))
    said = [_kind(uid, number) for uid, number in kinds[:MOST_KINDS]]
    more = len(kinds) - MOST_KINDS
    if more > 0:
        said.append(ngettext("%(n)s other kind", "%(n)s other kinds", more) % {"n": more})
    return ", ".join(said)


def in_question(classes: dict[str, int], files: int) -> str:
    """What a question calls them: '42 CT images', or '19 files' where there are several kinds."""
    return _kind(next(iter(classes)), files) if len(classes) == 1 else files_in_words(files)


def _kind(sop_class_uid: str, number: int) -> str:
    words = _KINDS.get(sop_class_uid)
    if words is not None:
        return str(words % {"n": number, "count": thin(number)})
    return f"{thin(number)} x {uids.class_name(sop_class_uid)}"


def registered_networks(groups: Iterable[Group]) -> dict[str, list[str]]:
    """AE title -> the addresses it is registered at, for the groups whose name is known."""
    names = {group.calling_ae for group in groups if group.reason == OTHER_ADDRESS}
    found: dict[str, list[str]] = {}
    for name, network in Sender.objects.filter(ae_title__in=names, is_active=True).values_list(
        "ae_title", "network"
    ):
        found.setdefault(name, []).append(network)
    return found


def why(group: Group, registered: dict[str, list[str]]) -> str:
    """Why a group is here, with what the reason is about."""
    title = str(group.words.title)
    if group.reason == OTHER_ADDRESS:
        networks = registered.get(group.calling_ae, [])
        if networks:
            listed = ", ".join(networks[:3]) + (", ..." if len(networks) > 3 else "")
            return ngettext(
                "%(why)s (%(where)s is registered)", "%(why)s (%(where)s are registered)", len(networks)
            ) % {"why": title, "where": listed}
    if group.reason == OTHER_CERTIFICATE and not group.certificate:
        return _("%(why)s: it showed none") % {"why": title}
    if group.reason == NO_INSTITUTION:
        return _("%(why)s: %(called)s") % {"why": title, "called": group.called_ae}
    return title


def neighbours(groups: Iterable[Group]) -> dict[str, str]:
    """Address -> the one institution that has a registered sender in the same /24 (IPv6: /64)."""
    wanted = {group.address: _around(group.address) for group in groups if group.reason == UNKNOWN}
    if not any(wanted.values()):
        return {}
    near: dict[str, set[str]] = {}
    for network, code in Sender.objects.filter(is_active=True).values_list("network", "institutions__code"):
        near.setdefault(_around(network.split("/")[0]), set()).add(code or "")
    found = {address: near.get(around, set()) - {""} for address, around in wanted.items() if around}
    return {address: codes.pop() for address, codes in found.items() if len(codes) == 1}


def _around(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 64}", strict=False))
