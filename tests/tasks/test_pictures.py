"""Pictures get one row each, are shown with their case, and are found again where they resemble one another."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import Connection, Engine, event, select, text
from sqlalchemy.exc import IntegrityError

from models.picture import OfCase, OfReport, PictureKind
from models.picture_likeness import FARTHEST, distance
from models.picture_rules import MEGABYTE, PictureLimits
from models.refusal import Refusal
from tasks.database import reading, transaction
from tasks.picture_store import PictureStore, StoredPicture
from tasks.pictures import (
    MOST_RESEMBLING,
    PICTURES,
    Handed,
    Resembling,
    add_pictures,
    handed_in,
    pictures_of_cases,
    pictures_of_reports,
    resembling,
)
from tests.event_rows import MOMENT, write_case
from tests.pictures import HEIC, a_read_picture, a_scene, a_stored_picture, encoded

AFTER = Handed(PictureKind.AFTER, "lihe-duty", "desk")
BEFORE = Handed(PictureKind.BEFORE, "public", "intake")


@pytest.fixture
def cases(engine: Engine) -> Engine:
    """Four cases, each with its report of the same id."""
    with transaction(engine) as connection:
        for case_id in range(1, 5):
            write_case(connection, case_id, length=1)
    return engine


def add(
    engine: Engine, case_id: int, *stored: StoredPicture, round: int = 1, handed: Handed = AFTER
) -> tuple[str, ...] | Refusal:
    with transaction(engine) as connection:
        return add_pictures(connection, stored, OfCase(case_id, round), handed, MOMENT)


def found(engine: Engine, likeness: int | None, case_id: int, within: int = 6) -> tuple[Resembling, ...]:
    with reading(engine) as connection:
        return resembling(connection, likeness, case_id, within)


def test_a_picture_is_kept_and_shown_with_its_case(cases: Engine, tmp_path: Path) -> None:
    store = PictureStore(str(tmp_path))
    digests = add(cases, 1, *store.keep([a_read_picture(HEIC)]), round=2)
    with reading(cases) as connection:
        (shown,) = pictures_of_cases(connection, [1, 2])[1]
        row = connection.execute(select(PICTURES)).one()
    assert digests == (shown.sha256,)
    assert store.read(shown.sha256) == a_read_picture(HEIC).full
    assert store.read(shown.small_sha256) == a_read_picture(HEIC).small
    assert (shown.case_id, shown.round, shown.kind, shown.by, shown.at) == (1, 2, "after", "lihe-duty", MOMENT)
    assert (shown.width, shown.height, shown.likeness) == (48, 64, a_read_picture(HEIC).likeness)
    assert (row.original_bytes, row.original_format, row.origin) == (len(HEIC), "heic", "desk")


def test_pictures_of_a_report_are_shown_with_the_case_it_opened(cases: Engine) -> None:
    with transaction(cases) as connection:
        add_pictures(connection, [a_stored_picture("a")], OfReport(2), BEFORE, MOMENT)
        add_pictures(connection, [a_stored_picture("b")], OfCase(2), AFTER, MOMENT)
    with reading(cases) as connection:
        of_cases = pictures_of_cases(connection, [1, 2])
        of_reports = pictures_of_reports(connection, [2, 3])
        assert set(handed_in(connection, OfCase(2))) > set(handed_in(connection, OfReport(2)))
    assert [(shown.kind, shown.case_id, shown.report_id) for shown in of_cases[2]] == [
        ("before", None, 2),
        ("after", 2, None),
    ]
    assert of_cases[1] == of_reports[3] == []
    assert [shown.kind for shown in of_reports[2]] == ["before"]


def test_the_same_picture_again_is_the_same_row_and_keeps_the_digest_of_then(cases: Engine) -> None:
    first = add(cases, 1, a_stored_picture("a"), a_stored_picture("b"))
    of_a_newer_library = StoredPicture(b"a".hex().rjust(64, "0"), 1000, "jpeg", "9" * 64, 7, "8" * 64, 1, 1, None)
    again = add(cases, 1, of_a_newer_library, a_stored_picture("c"))
    assert isinstance(first, tuple)
    assert isinstance(again, tuple)
    assert again[0] == first[0]
    with reading(cases) as connection:
        assert len(pictures_of_cases(connection, [1])[1]) == 3


def test_the_same_picture_in_another_round_case_or_kind_is_a_row_of_its_own(cases: Engine) -> None:
    picture = a_stored_picture("a")
    for case_id, round_, handed in ((1, 1, AFTER), (1, 2, AFTER), (2, 1, AFTER), (1, 1, BEFORE)):
        add(cases, case_id, picture, round=round_, handed=handed)
    with reading(cases) as connection:
        assert [len(each) for each in pictures_of_cases(connection, [1, 2]).values()] == [3, 1]
        assert handed_in(connection, OfCase(1)) == {picture.original_sha256: 1000}


def test_a_case_that_is_full_takes_no_more_and_nothing_of_the_action_is_kept(cases: Engine) -> None:
    add(cases, 1, a_stored_picture("a", size=30 * MEGABYTE))
    with transaction(cases) as connection:
        add_pictures(connection, [a_stored_picture("b", size=15 * MEGABYTE)], OfReport(1), BEFORE, MOMENT)
    refusal = add(cases, 1, a_stored_picture("c", size=1), a_stored_picture("d", size=5 * MEGABYTE))
    assert refusal == Refusal("pictures_of_case_full", {"megabytes": "50.1", "most": "50"})
    assert isinstance(add(cases, 1, a_stored_picture("d", size=5 * MEGABYTE)), tuple)
    assert isinstance(add(cases, 2, a_stored_picture("c", size=30 * MEGABYTE)), tuple)


def test_two_at_once_do_not_fill_a_case_beyond_its_room(cases: Engine) -> None:
    limits = PictureLimits(case_bytes=100)
    names = "abcd"

    def one(name: str) -> tuple[str, ...] | Refusal:
        with transaction(cases) as connection:
            picture = a_stored_picture(name, size=60)
            return add_pictures(connection, [picture], OfCase(1), AFTER, MOMENT, limits)

    with ThreadPoolExecutor(len(names)) as threads:
        answers = list(threads.map(one, names))
    assert sorted(isinstance(answer, Refusal) for answer in answers) == [False, True, True, True]


def test_a_picture_belongs_to_a_case_or_a_report_and_never_to_both(cases: Engine) -> None:
    add(cases, 1, a_stored_picture("a"))
    for case_id, report_id in (("1", "1"), ("NULL", "NULL")):
        with pytest.raises(IntegrityError, match="ck_picture_of_one"), transaction(cases) as connection:
            copy_row(connection, case_id, report_id)


def copy_row(connection: Connection, case_id: str, report_id: str) -> None:
    changed = {"id": "id + 1", "key": "'other'", "case_id": case_id, "report_id": report_id}
    names = [column.name for column in PICTURES.columns]
    quoted = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(changed.get(name, f'"{name}"') for name in names)
    connection.execute(text(f"INSERT INTO picture ({quoted}) SELECT {values} FROM picture"))  # noqa: S608


def cropped(image: Image.Image, share: float) -> Image.Image:
    left, top = int(image.width * share), int(image.height * share)
    return image.crop((left, top, image.width - left, image.height - top))


TRANSFORMED: dict[str, Callable[[Image.Image], bytes]] = {
    "as it was": lambda image: encoded(image),
    "compressed hard": lambda image: encoded(image, quality=25),
    "as a PNG": lambda image: encoded(image, "PNG"),
    "half as large": lambda image: encoded(image.resize((320, 240))),
    "a third, as WebP": lambda image: encoded(image.resize((213, 160)), "WEBP"),
    "slightly cropped": lambda image: encoded(cropped(image, 0.01)),
    "cropped and compressed": lambda image: encoded(cropped(image, 0.01), quality=60),
    "a little brighter": lambda image: encoded(image.point(lambda level: min(255, int(level * 1.12)))),
    "turned by the camera": lambda image: encoded(
        image.transpose(Image.Transpose.ROTATE_90), exif=turned_back(), quality=80
    ),
}


def turned_back() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def test_a_picture_of_another_case_is_known_again_however_it_was_changed(cases: Engine, tmp_path: Path) -> None:
    store = PictureStore(str(tmp_path))
    originals = [a_read_picture(encoded(a_scene(seed))) for seed in range(12)]
    (first, *others) = store.keep(originals)
    add(cases, 1, first)
    add(cases, 2, *others[:6])
    scene = a_scene(0)
    for name, transform in TRANSFORMED.items():
        likeness = a_read_picture(transform(scene)).likeness
        assert [each.case_id for each in found(cases, likeness, 3)] == [1], name
        assert found(cases, likeness, 1) == (), name
    for other in others[6:]:
        assert found(cases, other.likeness, 3) == ()


def test_only_after_pictures_of_other_cases_are_named_with_their_case_nearest_first(cases: Engine) -> None:
    add(cases, 1, a_stored_picture("far", likeness=0b111111))
    add(cases, 2, a_stored_picture("near", likeness=0b1), a_stored_picture("too far", likeness=0b1111111))
    add(cases, 3, a_stored_picture("before", likeness=0), handed=BEFORE)
    add(cases, 4, a_stored_picture("own", likeness=0), a_stored_picture("plain", likeness=None))
    near, far = found(cases, 0, 4)
    assert (near.case_id, near.case, near.distance, near.at) == (2, "R20190505000002", 1, MOMENT)
    assert (near.sha256, near.small_sha256) == (a_stored_picture("near").sha256, a_stored_picture("near").small_sha256)
    assert (far.case_id, far.distance) == (1, 6)
    assert [each.distance for each in found(cases, 0, 4, within=5)] == [1]


def test_a_picture_of_one_plain_colour_resembles_nothing(cases: Engine) -> None:
    plain = a_read_picture(encoded(Image.new("RGB", (200, 200), (90, 90, 90))))
    assert plain.likeness is None
    add(cases, 1, a_stored_picture("plain", likeness=None))
    assert found(cases, plain.likeness, 2) == ()


NEAR = st.builds(
    lambda base, places: base ^ sum(1 << place for place in places),
    st.sampled_from([0x0123456789ABCDEF, 0xF0F0F0F0A5A5A5A5]),
    st.sets(st.integers(0, 63), max_size=14),
)


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(likenesses=st.lists(NEAR, min_size=1, max_size=25), asked=NEAR, within=st.integers(0, FARTHEST))
def test_what_is_found_by_bands_is_what_comparing_with_every_picture_finds(
    cases: Engine, likenesses: list[int], asked: int, within: int
) -> None:
    with transaction(cases) as connection:
        known = connection.scalar(text("SELECT count(*) FROM picture"))
        for number, likeness in enumerate(likenesses, start=known or 0):
            handed = BEFORE if number % 7 == 6 else AFTER
            stored = a_stored_picture(f"{number}", likeness=likeness)
            add_pictures(connection, [stored], OfCase(number % 4 + 1), handed, MOMENT)
    with reading(cases) as connection:
        of_others = [
            (distance(asked, shown.likeness), shown.sha256)
            for case_id, pictures in pictures_of_cases(connection, [1, 2, 3]).items()
            for shown in pictures
            if shown.kind == PictureKind.AFTER and shown.likeness is not None and case_id != 4
        ]
    near = sorted(bits for bits, _ in of_others if bits <= within)
    told = found(cases, asked, 4, within)
    assert [each.distance for each in told] == near[:MOST_RESEMBLING]
    assert {(each.distance, each.sha256) for each in told} <= set(of_others)


def test_a_picture_is_looked_up_in_the_indexes_of_its_bands(cases: Engine) -> None:
    add(cases, 1, *(a_stored_picture(f"{number}", likeness=number << 40) for number in range(300)))
    said: list[str] = []
    with reading(cases) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain(connection, said)
        resembling(connection, 1 << 63, 2, 6)
    plan = "\n".join(said)
    assert all(f"ix_picture_band_{band}" in plan for band in range(4))
    assert "SCAN picture" not in plan
    assert "Seq Scan" not in plan


def explain(connection: Connection, said: list[str]) -> None:
    """From here on asks the database how it would run each select, and keeps what it says."""
    prefix = "EXPLAIN " if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "

    @event.listens_for(connection, "before_cursor_execute")
    def ask(_: object, cursor: object, statement: str, parameters: object, *__: object) -> None:
        own = connection.connection.cursor()
        own.execute(prefix + statement, parameters)  # type: ignore[arg-type]
        said.extend(str(row) for row in own.fetchall())
        own.close()
