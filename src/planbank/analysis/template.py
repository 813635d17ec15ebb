"""The rule of plans for analysis as a part of templates (R149, R159).

Comes in: a protocol, or a template's rule. Goes out: its kind; or the rule set in a protocol that has none.
Choices made by hand are of patients, and never go along.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from planbank.analysis.actions.ruling import set_rule
from planbank.analysis.models import AnalysisRule
from planbank.analysis.queries.decided import rule_of
from planbank.protocols.act import Act
from planbank.protocols.models import Protocol
from planbank.protocols.templates import Items, TemplatePart, register


def take(protocol: Protocol) -> Items:
    """The rule that stands, none where none was set."""
    row = rule_of(protocol)
    return [{"kind": row.kind}] if row else []


def give(act: Act, protocol: Protocol, items: Items) -> int:
    """Only where no rule was set yet."""
    kind = items[0].get("kind") if items else None
    if kind not in AnalysisRule.Kind.values or rule_of(protocol) is not None:
        return 0
    set_rule(act, protocol, kind, None)
    return 1


register(TemplatePart("analysis rule", _("rule of plans for analysis"), take, give))
