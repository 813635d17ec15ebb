"""What a table of participants would do, and doing exactly that (R45, R145)."""

from __future__ import annotations

import pytest

from planbank.errors import ChangedMeanwhile
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.protocols.act import Act
from planbank.protocols.models import AttributeType, Participant, Protocol
from planbank.protocols.roster.sheet import read_sheet
from planbank.protocols.roster.upload import digest, planned, upload
from planbank.protocols.roster.wishes import Roster
from tests.protocols.rows import ProtocolRows

TABLE = """trial_id;institution;arm;laterality;expected_on;Fractions
B-1;AUH;A;left;2026-12-01;25
B-2;auh;;;;
B-3;RH;A;left;;
B-4;AUH;A;upwards;1 March;many
=1+1;AUH;;;;
0101501234;AUH;;;;
b-1;AUH;;;;
"""


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    protocol = rows.protocol("BRAIN")
    rows.centre(protocol, "AUH")
    AttributeType.objects.create(protocol=protocol, name="Fractions", kind="number")
    return protocol


@pytest.fixture
def act(rows: ProtocolRows) -> Act:
    return Act.of(User.objects.create_user("mette"), rows.at)


def roster(rows: ProtocolRows, protocol: Protocol) -> Roster:
    return Roster(list(protocol.attribute_types.all()), {"AUH": rows.institution("AUH")})


def test_line_by_line_then_exactly_that(rows: ProtocolRows, brain: Protocol, act: Act) -> None:
    rows.participant(brain, "B-2", arm="B")
    of = roster(rows, brain)
    lines = read_sheet(TABLE, of.columns)
    would = planned(act, brain, of, lines)
    states = ["added", "changed", "refused", "refused", "refused", "refused", "refused"]
    assert [line.state for line in would] == states
    assert Participant.objects.count() == 1 and not Entry.objects.exists()
    said = [" ".join(line.says) for line in would]
    assert "AUH" in said[2]
    assert all(word in said[3] for word in ("laterality", "expected_on", "Fractions"))
    assert "formula" in said[4] and "CPR" in said[5] and "line 2" in said[6]
    upload(act, brain, of, lines, digest(would))
    found = {row.trial_id: (row.arm, row.laterality, row.attributes) for row in Participant.objects.all()}
    assert found == {"B-1": ("A", "left", {"Fractions": 25}), "B-2": ("", "", {})}
    again = planned(act, brain, of, lines)
    assert [line.state for line in again][:2] == ["same", "same"]


def test_what_changed_since_the_preview_stops_it(rows: ProtocolRows, brain: Protocol, act: Act) -> None:
    of = roster(rows, brain)
    lines = read_sheet("trial_id\nB-1\nB-2", of.columns)
    seen = digest(planned(act, brain, of, lines))
    rows.participant(brain, "B-2", arm="B")
    with pytest.raises(ChangedMeanwhile):
        upload(act, brain, of, lines, seen)
    assert list(Participant.objects.values_list("trial_id", "arm")) == [("B-2", "B")]


def test_another_centres_participant_is_not_changed(rows: ProtocolRows, brain: Protocol, act: Act) -> None:
    rows.centre(brain, "OUH")
    rows.participant(brain, "O-1", "OUH", arm="A")
    of = roster(rows, brain)
    would = planned(act, brain, of, read_sheet("trial_id,arm\nO-1,B", of.columns))
    assert [line.state for line in would] == ["refused"]
