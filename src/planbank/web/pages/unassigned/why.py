"""Why data stand in no protocol, in words (R31, R39).

Comes in: patient files. Goes out: a sentence for each. A constant number of queries for a page.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from planbank.catalogue.models import Finding, PatientFile
from planbank.protocols.models import Firing, Membership

_TOLD = ("trigger-roi-has-contours", "trigger-near-miss", "trigger-refused", "trigger-no-centre")


def why(files: Sequence[PatientFile]) -> dict[int, str]:
    """What is known of each; the last that happened counts most."""
    ids = [file.pk for file in files]
    found = dict.fromkeys(ids, _("Nobody filed it, and no trigger took it."))
    refused = Firing.objects.filter(patient_file__in=ids, outcome=Firing.Outcome.REFUSED)
    for row in refused.select_related("trigger__protocol").order_by("at"):
        said = {"trigger": row.trigger.name, "reason": row.reason}
        found[row.patient_file_id] = _("Trigger %(trigger)s was refused: %(reason)s.") % said
    findings = Finding.objects.filter(patient_file__in=ids, code__in=_TOLD, closed_at=None)
    words = {
        "trigger-roi-has-contours": _("A trigger ROI of %(protocol)s has contours, so it did not fire."),
        "trigger-near-miss": _("An empty ROI looks like a trigger of %(protocol)s, but is spelt otherwise."),
        "trigger-refused": _("A trigger of %(protocol)s was refused."),
        "trigger-no-centre": _("A trigger of %(protocol)s fired, but the centre does not take part."),
    }
    for finding in findings.order_by("opened_at"):
        protocol = str(finding.params.get("protocol", ""))
        found[finding.patient_file_id] = words[finding.code] % {"protocol": protocol}
    ended = Membership.objects.filter(patient_file__in=ids, removed_at__isnull=False).order_by("removed_at")
    for file, protocol, reason in ended.values_list("patient_file", "protocol__short_name", "removed_reason"):
        said = {"protocol": protocol, "reason": reason}
        found[file] = _("Taken out of %(protocol)s: %(reason)s.") % said
    return found
