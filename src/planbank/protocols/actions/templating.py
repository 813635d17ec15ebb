"""Templates: made from a protocol, used in another, thrown away (R149).

Comes in: an act, a protocol, names of parts. Goes out: a template, or what of it is new in a protocol.
Nothing personal goes along, and nothing that a protocol has is replaced.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from planbank.errors import ProtocolError
from planbank.protocols.act import Act
from planbank.protocols.models import Protocol, Template
from planbank.protocols.templates import PARTS


@transaction.atomic
def make_template(
    act: Act, protocol: Protocol, name: str, parts: Collection[str], description: str = ""
) -> Template:
    """A template of some parts of a protocol. Raises ProtocolError for a name that is taken."""
    content = {part: PARTS[part].take(protocol) for part in PARTS if part in parts}
    if not content:
        raise ProtocolError(_("Choose what goes along."))
    try:
        with transaction.atomic():
            row = Template.objects.create(
                name=" ".join(name.split())[:100],
                description=description.strip()[:300],
                made_from=protocol,
                content=content,
                made_at=act.at,
                made_by=act.user,
            )
    except IntegrityError as exc:
        raise ProtocolError(_("There is a template of this name already.")) from exc
    _journal(act, "make template", row, protocol)
    return row


@transaction.atomic
def use_template(
    act: Act, template: Template, protocol: Protocol, parts: Collection[str] | None = None
) -> dict[str, int]:
    """Give a protocol what a template holds and it lacks; how much is new, by part."""
    if protocol.status == Protocol.Status.CLOSED:
        raise ProtocolError(_("%(protocol)s is closed.") % {"protocol": protocol.short_name})
    chosen = [p for p in PARTS if p in template.content and (parts is None or p in parts)]
    new = {part: PARTS[part].give(act, protocol, template.content[part]) for part in chosen}
    _journal(act, "use template", template, protocol, new=new)
    return new


@transaction.atomic
def remove_template(act: Act, template: Template) -> None:
    """Throw a template away; protocols made with it keep what they have."""
    _journal(act, "remove template", template, template.made_from)
    template.delete()


def _journal(act: Act, action: str, row: Template, protocol: Protocol | None, **detail: object) -> None:
    act.journal(
        action,
        object_kind="template",
        object_id=row.pk,
        protocol=protocol.short_name if protocol else "",
        template=row.name,
        **detail,
    )
