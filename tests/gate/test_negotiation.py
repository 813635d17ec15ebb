"""What is agreed to: titles, senders, classes, syntaxes, roles."""

from __future__ import annotations

from typing import Any

import pytest

from planbank.gate.associate import AssociateRequest, ProposedContext
from planbank.gate.caller import Caller
from planbank.gate.limits import Limits
from planbank.gate.negotiation import Agreement, Refusal, is_plain_ae_title, negotiate
from planbank.gate.senders import Admission, parse
from planbank.gate.user_information import Role, UserInformation
from tests.gate.raw_peer import CT, EXPLICIT, IMPLICIT, VERIFICATION

BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
HTJ2K = "1.2.840.10008.1.2.4.201"
PRIVATE_SYNTAX = "1.2.840.113619.5.2"
FIND = "1.2.840.10008.5.1.4.1.2.2.1"
PRIVATE = "1.2.3.4.5.6"


def ask(
    contexts: list[tuple[str, list[str]]],
    *,
    admission: Admission | None = None,
    user: UserInformation | None = None,
    address: str = "10.1.2.3",
    certificate: str = "",
    **changes: Any,
) -> Agreement | Refusal:
    proposed = tuple(ProposedContext(2 * n + 1, uid, tuple(ts)) for n, (uid, ts) in enumerate(contexts))
    titles = {"called_ae": "PLANBANK", "calling_ae": "TPS"} | changes
    request = AssociateRequest(contexts=proposed, user=user or UserInformation(), **titles)
    caller = Caller("a" * 32, address, certificate=certificate)
    return negotiate(request, "PLANBANK", admission or Admission(), caller)


def agreed(*arguments: Any, **more: Any) -> Agreement:
    answer = ask(*arguments, **more)
    assert isinstance(answer, Agreement)
    return answer


@pytest.mark.parametrize(
    "syntaxes",
    [
        [IMPLICIT, EXPLICIT],
        [EXPLICIT, IMPLICIT],
        [BIG_ENDIAN, IMPLICIT],
        [DEFLATED, EXPLICIT],
        [HTJ2K, EXPLICIT, IMPLICIT],
    ],
)
def test_the_senders_first_syntax_is_taken(syntaxes: list[str]) -> None:
    assert agreed([(CT, syntaxes)]).contexts == {1: (CT, syntaxes[0])}


def test_a_private_syntax_is_passed_over_and_alone_declined() -> None:
    answer = agreed([(CT, [PRIVATE_SYNTAX, EXPLICIT]), (CT, [PRIVATE_SYNTAX]), (CT, [])])
    assert answer.contexts == {1: (CT, EXPLICIT)}
    assert [(d.sop_class_uid, d.result) for d in answer.declined] == [(CT, 4), (CT, 4)]
    assert [c.result for c in answer.accept.contexts] == [0, 4, 4]


@pytest.mark.parametrize(
    "uid",
    [
        VERIFICATION,
        "1.2.840.10008.5.1.4.1.1.481.5",
        "1.2.840.10008.5.1.4.1.1.481.8",  # RT Ion Plan
        "1.2.840.10008.5.1.4.1.1.481.10",  # RT Physician Intent, second generation
        "1.2.840.10008.5.1.4.34.7",
        "1.2.840.10008.5.1.4.1.1.66.4",
        "1.2.840.10008.5.1.1.27",  # retired
        "1.2.246.352.70.1.70",
    ],
)
def test_storage_and_verification_are_taken(uid: str) -> None:
    assert agreed([(uid, [IMPLICIT])]).contexts == {1: (uid, IMPLICIT)}


def test_another_class_is_declined_and_the_rest_goes_on() -> None:
    answer = agreed([(FIND, [IMPLICIT]), (PRIVATE, [IMPLICIT]), ("../etc", [IMPLICIT]), (CT, [IMPLICIT])])
    assert answer.contexts == {7: (CT, IMPLICIT)}
    assert [d.result for d in answer.declined] == [3, 3, 3]


def test_a_private_class_declared_as_storage_is_taken() -> None:
    user = UserInformation(service_classes={PRIVATE: "1.2.840.10008.4.2", FIND: "1.2.840.10008.4.9"})
    answer = agreed([(PRIVATE, [IMPLICIT]), (FIND, [IMPLICIT])], user=user)
    assert answer.contexts == {1: (PRIVATE, IMPLICIT)}


def test_a_site_may_name_more_classes_or_refuse_private_ones() -> None:
    more = parse({"version": 1, "storage_classes": [PRIVATE], "vendor_storage": "refuse"}, Limits())
    answer = agreed([(PRIVATE, [IMPLICIT]), ("1.2.246.352.70.1.70", [IMPLICIT])], admission=more)
    assert answer.contexts == {1: (PRIVATE, IMPLICIT)}


def test_the_gate_takes_the_scp_role_only() -> None:
    user = UserInformation(roles=(Role(CT, True, True), Role(VERIFICATION, False, True)))
    answer = agreed([(CT, [IMPLICIT])], user=user)
    assert answer.accept.user.roles == (Role(CT, True, False), Role(VERIFICATION, False, False))


def test_both_sides_maximum_lengths_are_told() -> None:
    answer = agreed([(CT, [IMPLICIT])], user=UserInformation(max_pdu=4096))
    assert (answer.peer_max_pdu, answer.accept.user.max_pdu) == (4096, 131072)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"protocol_version": 2}, (1, 2, 2)),
        ({"application_context": "1.2.3"}, (1, 1, 2)),
        ({"called_ae": "SOMEBODY"}, (1, 1, 7)),
        ({"called_ae": "planbank"}, (1, 1, 7)),
        ({"calling_ae": ""}, (1, 1, 3)),
        ({"calling_ae": "../../TPS"}, (1, 1, 3)),
        ({"calling_ae": "TPS/1"}, (1, 1, 3)),
        ({"calling_ae": "TPS\n"}, (1, 1, 3)),
        ({"calling_ae": "T\u00e6S"}, (1, 1, 3)),
    ],
)
def test_what_is_refused_is_refused_for_its_reason(changes: dict, status: tuple[int, int, int]) -> None:
    answer = ask([(CT, [IMPLICIT])], **changes)
    assert isinstance(answer, Refusal)
    assert (answer.reject.result, answer.reject.source, answer.reject.reason) == status


def test_no_context_is_no_association() -> None:
    assert isinstance(ask([]), Refusal)


def test_unknown_senders_wait_in_quarantine_or_are_refused() -> None:
    known = {"ae_title": "TPS", "networks": ["10.1.0.0/16"]}
    for unknown in ("quarantine", "refuse"):
        admission = parse({"version": 1, "senders": [known], "unknown": unknown}, Limits())
        assert agreed([(CT, [IMPLICIT])], admission=admission).known
        elsewhere = ask([(CT, [IMPLICIT])], admission=admission, address="10.9.9.9")
        if unknown == "refuse":
            assert isinstance(elsewhere, Refusal)
        else:
            assert isinstance(elsewhere, Agreement)
            assert not elsewhere.known


def test_a_title_that_is_bound_to_a_certificate_is_unknown_without_it() -> None:
    sender = {"ae_title": "TPS", "networks": ["10.1.0.0/16"], "certificates": ["ab" * 32]}
    admission = parse({"version": 1, "senders": [sender], "unknown": "refuse"}, Limits())
    assert agreed([(CT, [IMPLICIT])], admission=admission, certificate="ab" * 32).known
    for other in ("", "cd" * 32):
        assert isinstance(ask([(CT, [IMPLICIT])], admission=admission, certificate=other), Refusal)


def test_further_called_titles_are_those_of_the_list() -> None:
    admission = parse({"version": 1, "called": ["TRIAL_A"]}, Limits())
    assert agreed([(CT, [IMPLICIT])], admission=admission, called_ae="TRIAL_A").contexts
    assert agreed([(CT, [IMPLICIT])], admission=admission).contexts


@pytest.mark.parametrize("text", ["TPS", "A", "SIXTEEN LETTERS!", "a.b-c_d"])
def test_plain_titles(text: str) -> None:
    assert is_plain_ae_title(text)
