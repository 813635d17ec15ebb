"""The references as a graph: what is there, what is missing, by what it was linked."""

from __future__ import annotations

import pytest

from planbank.catalogue.models import Dose, InstanceVersion, Plan, PlanSet, Series, StructureSet
from planbank.catalogue.queries.one_plan_set import Part, Parts
from planbank.web.pages.plan.boxes import MOST_BOXES, Seen
from planbank.web.pages.plan.graph import Drawing, Graph, graph_of

SOP = "SOP Instance UID"
PLAN, STRUCTURES = PlanSet(kind="plan"), PlanSet(kind="structure set")


def plan() -> Part:
    return Part("plan", "itself", says=Plan(kind="external", facts={"beams": [{"treats": True}] * 2}))


def structure_set(means: str = SOP) -> Part:
    return Part("structure set", means, says=StructureSet(pk=7))


def dose(number: int, summation: str = "PLAN", beams: tuple[int, ...] = (), means: str = SOP) -> Part:
    facts = {"plans": [{"fraction_groups": [{"beams": list(beams)}]}]}
    version = InstanceVersion(pk=number)
    return Part("dose", means, says=Dose(version=version, summation=summation, facts=facts))


def images(modality: str = "CT", count: int = 172, means: str = SOP) -> Part:
    return Part("images", means, series=Series(modality=modality), images=count)


def lines(graph: Graph) -> list[tuple[str, str, bool]]:
    return [(box.title, box.line, box.missing) for box in graph.across.boxes]


def test_a_whole_plan_set() -> None:
    parts = Parts(plan(), [structure_set()], [dose(1), dose(2, "BEAM", (1,))], [images()])
    graph = graph_of(PLAN, parts, Seen(used={1}, rois={7: 31}))
    assert lines(graph) == [
        ("CT", "172 slices", False),
        ("RTSTRUCT", "31 ROIs", False),
        ("RTPLAN", "2 beams", False),
        ("RTDOSE", "plan, used", False),
        ("RTDOSE", "beam 1", False),
    ]
    assert graph.resolved
    assert len(graph.across.arrows) == len(graph.down.arrows) == 4
    assert not any(arrow.dashed for arrow in graph.across.arrows)
    assert graph.sentences[0] == "CT: 172 slices, linked by SOP Instance UID."


def test_what_is_missing_is_dashed_and_said() -> None:
    graph = graph_of(PLAN, Parts(plan()), Seen())
    assert [line for line in lines(graph) if line[2]] == [
        ("RTSTRUCT", "not here", True),
        ("RTDOSE", "not here", True),
    ]
    assert not graph.resolved
    assert all(arrow.dashed for arrow in graph.across.arrows)
    assert "No dose of the plan has been received." in graph.sentences


def test_images_that_are_not_all_there() -> None:
    parts = Parts(plan(), [structure_set()], [dose(1)], [images(count=1)])
    graph = graph_of(PLAN, parts, Seen(missing={"missing": 97, "of": 98}))
    assert lines(graph)[0] == ("CT", "97 missing", False)
    assert not graph.resolved
    assert "97 of 98 images have not been received" in graph.sentences[0]


@pytest.mark.parametrize(("ambiguous", "said"), [(False, "not here"), (True, "not clear")])
def test_a_structure_set_alone(ambiguous: bool, said: str) -> None:
    graph = graph_of(STRUCTURES, Parts(None, [structure_set("itself")]), Seen(ambiguous=ambiguous))
    assert lines(graph) == [("Images", said, True), ("RTSTRUCT", "0 ROIs", False)]


def test_a_dose_whose_plan_did_not_come() -> None:
    parts = Parts(None, [structure_set("itself")], [dose(1, means="frame of reference")], [images()])
    graph = graph_of(STRUCTURES, parts, Seen())
    assert ("RTPLAN", "not here", True) in lines(graph)
    assert graph.across.boxes[-1].note == "by frame"


def test_many_doses_are_said_together() -> None:
    parts = Parts(plan(), [structure_set()], [dose(n, "BEAM", (n,)) for n in range(1, 20)], [images()])
    graph = graph_of(PLAN, parts, Seen())
    doses = [line for line in lines(graph) if line[0] == "RTDOSE"]
    assert len(doses) == MOST_BOXES and doses[-1][1] == "16 more"
    assert sum(sentence.count("beam ") for sentence in graph.sentences) == 19


def overlapping(drawing: Drawing) -> list[tuple[str, str]]:
    return [
        (a.line, b.line)
        for n, a in enumerate(drawing.boxes)
        for b in drawing.boxes[n + 1 :]
        if a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9])
def test_boxes_lie_within_the_drawing_and_not_on_each_other(count: int) -> None:
    series = [images(m, means="frame of reference") for m in ("CT", "PT", "MR")]
    parts = Parts(plan(), [structure_set("series")], [dose(n, "FRACTION") for n in range(count)], series)
    graph = graph_of(PLAN, parts, Seen(used={0}))
    for drawing, widest in ((graph.across, 326), (graph.down, 240)):
        assert overlapping(drawing) == []
        assert drawing.width <= widest
        for box in drawing.boxes:
            assert box.x >= 0 and box.x + box.width <= drawing.width
            assert box.y >= 0 and box.y + box.height <= drawing.height
