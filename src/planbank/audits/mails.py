"""Mails to observers: a link to a copy, a reminder. They name the study, codes and no patient (R118).

Comes in: an observer. Goes out: a message in the outbox; False where no mail can go out.
"""

from __future__ import annotations

from uuid import uuid4

from django.utils.translation import gettext as _

from planbank.audits.models import Copy, Observer
from planbank.house import House
from planbank.messages.outbox import Letter, post


def mail_link(house: House, copy: Copy, observer: Observer, path: str, days: int) -> bool:
    """Mail the link to a copy."""
    study = copy.study
    words = [
        _("You take part in %(study)s as %(code)s.") % {"study": study.name, "code": observer.code},
        _("Download your copy of case %(case)s here, once, within %(days)s days:")
        % {"case": copy.case.name, "days": days},
        house.settings.site_url + path,
        _("Draw on exactly these images, and send the result back to planbank as you send other data."),
        _("Questions: %(who)s") % {"who": study.organiser},
    ]
    subject = _("Your copy of case %(case)s, %(study)s") % {"case": copy.case.name, "study": study.name}
    return _post(house, observer, subject, words)


def mail_reminder(house: House, observer: Observer, cases: list[str]) -> bool:
    """Remind somebody of what is not back."""
    study = observer.study
    words = [
        _("Of %(study)s nothing came back yet from %(code)s for: %(cases)s.")
        % {"study": study.name, "code": observer.code, "cases": ", ".join(cases)},
        _("Send what you drew back to planbank as you send other data."),
    ]
    if study.closes_on:
        words.append(_("The last day is %(day)s.") % {"day": study.closes_on.isoformat()})
    words.append(_("Questions: %(who)s") % {"who": study.organiser})
    return _post(house, observer, _("%(study)s: what is not back yet") % {"study": study.name}, words)


def _post(house: House, observer: Observer, subject: str, words: list[str]) -> bool:
    key = f"audit:{observer.pk}:{uuid4().hex}"
    letter = Letter(subject, "\n\n".join(words) + "\n")
    return post(house.settings, key, observer.email, letter, house.clock.now()) is not None
