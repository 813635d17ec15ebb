"""Plan sets out of references (model.md, Plan set and Link order; R13, R14, R185)."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from planbank.services.link.nodes import Held, ImageSeries, Link, RtObject, Woven
from planbank.services.link.weave import weave

F = "1.9"


def series(
    number: int = 1, uids: tuple[str, ...] = ("a", "b"), frame: str = F, modality: str = "CT"
) -> ImageSeries:
    return ImageSeries(number, f"s{number}", frame, modality, frozenset(uids))


STRUCTS = RtObject(10, "ss", F, frozenset({"a", "b"}), ("s1",), frames=(F,))
PLAN = RtObject(20, "plan", F, structure_set_uids=("ss",), frames=(F,))
DOSE = RtObject(30, "dose", F, plan_uids=("plan",), frames=(F,))
WHOLE = Held((series(),), (STRUCTS,), (PLAN,), (DOSE,))


def codes(woven: Woven) -> set[str]:
    return {found.code for found in woven.found}


def one(held: Held) -> Woven:
    sets, _loose = weave(held)
    assert len(sets) == 1
    return sets[0]


def means(woven: Woven, role: str) -> list[str]:
    return [link.means for link in woven.links if link.role == role]


def test_a_complete_plan_is_one_plan_set_without_findings() -> None:
    woven = one(WHOLE)
    assert (woven.kind, woven.uid) == ("plan", "plan")
    assert woven.links == {
        Link("plan", "itself", 20),
        Link("structure set", "SOP Instance UID", 10),
        Link("dose", "SOP Instance UID", 30),
        Link("images", "SOP Instance UID", series=1),
    }
    assert not woven.found


def test_a_structure_set_that_no_plan_cites_is_a_plan_set_of_its_own() -> None:
    woven = one(replace(WHOLE, plans=(), doses=()))
    assert woven.kind == "structure set"
    assert not woven.found


def test_images_alone_or_a_dose_alone_are_none_yet() -> None:
    assert weave(Held((series(),)))[0] == []
    sets, loose = weave(Held(doses=(DOSE,)))
    assert sets == [] and {f.code for f in loose} == {"plan-not-received"}


def test_a_plan_without_dose_says_so() -> None:
    assert codes(one(replace(WHOLE, doses=()))) == {"no-dose-received"}


def test_images_link_by_frame_when_every_reference_dangles() -> None:
    """The DCPT head phantom: no image reference resolves, the frame of reference matches."""
    woven = one(
        replace(WHOLE, series=(series(uids=("x", "y")),), structure_sets=(replace(STRUCTS, series_uids=()),))
    )
    assert means(woven, "images") == ["frame of reference"]
    assert codes(woven) == {"images-by-frame"}


def test_three_series_on_one_frame_are_told_apart_by_reference_and_never_guessed() -> None:
    """STS_002: PET, CT and MR share one frame."""
    three = (series(1, ("a",)), series(2, ("b",), modality="MR"), series(3, ("c",), modality="PT"))
    mr = replace(STRUCTS, image_uids=frozenset({"b"}), series_uids=())
    assert [link.series for link in one(Held(three, (mr,))).links if link.series] == [2]
    lost = replace(STRUCTS, image_uids=frozenset({"z"}), series_uids=())
    woven = one(Held(three, (lost,)))
    assert codes(woven) == {"images-ambiguous"} and not woven.has("images")


def test_missing_images_are_counted() -> None:
    woven = one(replace(WHOLE, series=(series(uids=("a",)),)))
    assert [dict(f.params) for f in woven.found] == [{"missing": 1, "of": 2}]


def test_a_plan_that_names_no_structure_set_takes_the_only_one_on_its_frame() -> None:
    woven = one(replace(WHOLE, plans=(replace(PLAN, structure_set_uids=()),)))
    assert means(woven, "structure set") == ["frame of reference"]
    assert codes(woven) == {"structure-set-by-frame"}


def test_two_structure_sets_on_the_frame_are_not_guessed_between() -> None:
    other = replace(STRUCTS, instance=11, uid="ss2")
    sets, _ = weave(
        replace(WHOLE, structure_sets=(STRUCTS, other), plans=(replace(PLAN, structure_set_uids=("gone",)),))
    )
    plan = next(w for w in sets if w.kind == "plan")
    assert codes(plan) == {"structure-set-ambiguous"}
    assert {w.uid for w in sets} == {"plan", "ss", "ss2"}


def test_a_dose_of_several_plans_belongs_to_each() -> None:
    second = replace(PLAN, instance=21, uid="plan2")
    both = replace(DOSE, plan_uids=("plan", "plan2"))
    sets, _ = weave(replace(WHOLE, plans=(PLAN, second), doses=(both,)))
    assert all(w.has("dose") for w in sets) and len(sets) == 2


def test_a_dose_whose_plan_did_not_come_is_shown_with_the_structure_set_until_it_does() -> None:
    woven = one(replace(WHOLE, plans=()))
    assert woven.kind == "structure set" and means(woven, "dose") == ["frame of reference"]
    assert codes(woven) == {"plan-not-received"}


def test_localisers_and_foreign_frames_never_link() -> None:
    woven = one(
        replace(
            WHOLE,
            series=(series(uids=("x",), frame="2.2"),),
            structure_sets=(replace(STRUCTS, series_uids=()),),
        )
    )
    assert not woven.has("images") and codes(woven) == {"images-not-received"}


UIDS = st.sampled_from(["u1", "u2", "u3", "u4"])
FRAMES = st.sampled_from(["", "f1", "f2"])


def objects(base: int) -> st.SearchStrategy[tuple[RtObject, ...]]:
    """Random objects of one kind with distinct UIDs and references into a small pool."""
    names = {100: "ss", 200: "plan", 300: "dose", 400: "record"}

    def make(raw: list[tuple[int, str, tuple[str, ...], tuple[str, ...]]]) -> tuple[RtObject, ...]:
        found = {}
        for number, frame, some, more in raw:
            found[number] = RtObject(
                instance=base + number,
                uid=f"{names[base]}{number}",
                frame=frame,
                frames=(frame,) if frame else (),
                image_uids=frozenset(some),
                structure_set_uids=tuple(f"ss{u[1]}" for u in some) if base > 100 else (),
                plan_uids=tuple(f"plan{u[1]}" for u in more) if base > 200 else (),
            )
        return tuple(found.values())

    row = st.tuples(
        st.integers(1, 4),
        FRAMES,
        st.lists(UIDS, max_size=2).map(tuple),
        st.lists(UIDS, max_size=2).map(tuple),
    )
    return st.lists(row, max_size=4).map(make)


WORLDS = st.builds(
    Held,
    series=st.lists(st.tuples(FRAMES, st.frozensets(UIDS, max_size=3)), max_size=3).map(
        lambda rows: tuple(ImageSeries(i, f"s{i}", f, "CT", u) for i, (f, u) in enumerate(rows))
    ),
    structure_sets=objects(100),
    plans=objects(200),
    doses=objects(300),
    records=objects(400),
)


@given(WORLDS, st.randoms(use_true_random=False))
def test_the_result_does_not_depend_on_order(held: Held, random: object) -> None:
    """R185: any permutation of what is held gives the same plan sets and findings."""

    def shuffled(rows: tuple[object, ...]) -> tuple[object, ...]:
        rows = tuple(rows)
        return tuple(random.sample(rows, len(rows)))  # type: ignore[attr-defined]

    names = ("series", "structure_sets", "plans", "doses", "records")
    other = Held(**{name: shuffled(getattr(held, name)) for name in names})  # type: ignore[arg-type]
    assert weave(held) == weave(other)


@given(WORLDS)
def test_every_plan_is_one_plan_set_and_every_structure_set_is_in_one(held: Held) -> None:
    sets, _loose = weave(held)
    assert {w.uid for w in sets if w.kind == "plan"} == {p.uid for p in held.plans}
    placed = {link.instance for w in sets for link in w.links if link.role == "structure set"}
    assert placed == {s.instance for s in held.structure_sets}
    for woven in sets:
        assert not (woven.has("dose") and "no-dose-received" in codes(woven))
