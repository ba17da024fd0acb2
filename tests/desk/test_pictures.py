"""Pictures from a phone to the case: taken with an action once, shown to whom they may be shown, refused in words."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine, select

from desk.posted_pictures import ROOM
from models.city import City
from models.picture import OfCase, OfReport, PictureKind
from models.picture_rules import MEGABYTE
from models.vocabulary import ActionName
from tasks.database import transaction
from tasks.lifecycle import move_cases
from tasks.links import Purpose
from tasks.picture_store import PictureStore
from tasks.pictures import PICTURES, Handed, add_pictures
from tasks.settings import Settings
from tests.desk.conftest import NOW
from tests.desk.phone import Phone, phone_of, text_of
from tests.desk.test_act import inbox, newest_event
from tests.desk.ways_to_act import HANDLING
from tests.pictures import CAMERA, HEIC, HOSTILE_HEIC, a_read_picture, a_scene, decoded, encoded
from tests.stored_cases import REPORTS, acts, at, reports_taken_in, rows_of

FileParts = list[tuple[str, tuple[str, bytes, str]]]

SCENE, ALIKE, ANOTHER = encoded(a_scene(1)), encoded(a_scene(1), quality=60), encoded(a_scene(2))


@pytest.fixture
def cases(sqlite_engine: Engine, city: City) -> list[str]:
    """Two cases that 梨河镇 handles and one that an inspector has just reported."""
    when = at("2019-05-06 08:55")
    names = reports_taken_in(sqlite_engine, city, 2, when, source="hotline_12345", class_code="E0101")
    for minute, (post, action, facts) in enumerate(HANDLING):
        acts(sqlite_engine, city, names, action, post, at(f"2019-05-06 09:0{minute}"), **facts)
        move_cases(sqlite_engine, now=at(f"2019-05-06 09:0{minute}"))
    return names


@pytest.fixture
def phone(client: TestClient, settings: Settings, cases: list[str]) -> Callable[..., Phone]:
    """The phone of a post, with a link to the first case or another."""
    return lambda post, case=cases[0], purpose=Purpose.CASE: phone_of(client, settings, post, case, purpose)


def files(*pictures: bytes, field: str = "pictures", name: str = "照片.jpg", kind: str = "image/jpeg") -> FileParts:
    """Files as a browser sends them."""
    return [(field, (name, data, kind)) for data in pictures]


def sends(reader: Phone, form: str, parts: FileParts, hidden: dict[str, str] | None = None, **typed: str) -> Response:
    """Fills in a form with files and sends it."""
    fields = (hidden or reader.hidden(form)) | typed
    answer: Response = reader.client.post(f"{reader.path}/act", data=fields, files=parts, follow_redirects=False)
    return answer


def kept(engine: Engine) -> list[Any]:
    """The rows of all pictures."""
    return rows_of(engine, select(PICTURES).order_by(PICTURES.c.id))


def shots(page: str) -> list[str]:
    """The addresses of all small copies on a page."""
    return re.findall(r'<img src="(/c/[^"]+)"', page)


def test_handled_with_pictures_the_event_names_them_and_the_page_shows_them(
    sqlite_engine: Engine, phone: Callable[..., Phone]
) -> None:
    unit = phone("lihe-liaison")
    assert sends(unit, "report_handled", files(SCENE, ANOTHER), note="已清运").status_code == 303
    move_cases(sqlite_engine, now=NOW)
    rows, event = kept(sqlite_engine), newest_event(sqlite_engine)
    assert (event.action, json.loads(event.facts)["pictures"]) == ("report_handled", [row.sha256 for row in rows])
    assert [(row.kind, row.by, row.origin, row.round) for row in rows] == [("after", "lihe-liaison", "desk", 1)] * 2
    page = unit.page()
    assert "处置后" in text_of(page)
    small = [unit.client.get(address) for address in shots(page)]
    full = unit.client.get(f"{unit.path}/picture/{rows[0].sha256}")
    assert [decoded(answer.content).size for answer in (*small, full)] == [(480, 360), (480, 360), (640, 480)]


def test_a_picture_is_served_as_nothing_but_a_picture(sqlite_engine: Engine, phone: Callable[..., Phone]) -> None:
    unit = phone("lihe-liaison")
    sends(unit, "add_picture", files(SCENE, field="picture"))
    answer = unit.client.get(shots(unit.page())[0])
    told = {name: answer.headers[name] for name in ("content-type", "x-content-type-options", "cache-control")}
    assert told == {
        "content-type": "image/jpeg",
        "x-content-type-options": "nosniff",
        "cache-control": "private, max-age=3600",
    }
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_pictures_are_optional_when_reporting_as_handled(sqlite_engine: Engine, phone: Callable[..., Phone]) -> None:
    nothing_chosen = [("pictures", ("", b"", "application/octet-stream"))]
    assert sends(phone("lihe-liaison"), "report_handled", nothing_chosen, note="已清运").status_code == 303
    assert [json.loads(row.facts) for row in inbox(sqlite_engine)] == [{"note": "已清运"}]
    assert kept(sqlite_engine) == []


def test_put_right_on_the_spot_with_a_picture_before_and_after(
    sqlite_engine: Engine, city: City, phone: Callable[..., Phone]
) -> None:
    (case,) = reports_taken_in(sqlite_engine, city, 1, at("2019-05-06 09:50"), source="public_wechat")
    inspector = phone("inspector-a", case)
    both = files(SCENE, field="picture_before") + files(ANOTHER, field="picture_after")
    assert sends(inspector, "quick_fix", both).status_code == 303
    move_cases(sqlite_engine, now=NOW)
    before, after = kept(sqlite_engine)
    facts = json.loads(newest_event(sqlite_engine).facts)
    assert (facts["picture_before"], facts["picture_after"]) == (before.sha256, after.sha256)
    assert (before.kind, after.kind) == ("before", "after")
    page = inspector.page()
    assert page.index("<h3>处置前</h3>") < page.index(before.small_sha256) < page.index("<h3>处置后</h3>")


@pytest.mark.parametrize(
    ("form", "parts", "told"),
    [
        ("report_handled", files(b"%PDF-1.7 " + b"x" * 99), "第1个文件不是"),
        ("report_handled", files(SCENE, b"GIF89a" + b"\0" * 99), "第2个文件不是"),
        ("report_handled", files(b"<svg onload=alert(1)>", kind="image/svg+xml"), "第1个文件不是"),
        ("report_handled", files(b"", name="empty.jpg"), "第1个文件不是"),
        ("report_handled", files(SCENE[:500]), "损坏"),
        ("report_handled", files(HOSTILE_HEIC), "损坏"),
        ("report_handled", files(encoded(a_scene(3).resize((9000, 7000)), quality=5)), "像素"),
        ("report_handled", files(*[SCENE] * 7), "6"),
        ("report_handled", files(b"\xff\xd8\xff" + b"x" * 11 * MEGABYTE), "11.1"),
        ("add_picture", [], "还缺少：图片"),
        ("add_picture", files(SCENE, ANOTHER, field="picture"), "1"),
        ("add_picture", files(SCENE, field="pictures"), "还缺少：图片"),
    ],
    ids=["pdf", "gif", "svg", "empty", "half", "hostile", "bomb", "seven", "11 MB", "none", "two", "other field"],
)
def test_what_is_no_picture_to_be_taken_is_refused_in_the_form_with_the_text_kept(
    sqlite_engine: Engine, settings: Settings, phone: Callable[..., Phone], form: str, parts: FileParts, told: str
) -> None:
    # A part without files still has to come as a form with files.
    answer = sends(phone("lihe-liaison"), form, parts or [("x", ("", b"", ""))], note="已清运<b>")
    assert answer.status_code == 422
    inside = answer.text[answer.text.index(f'id="{form}"') :].split("</form>")[0]
    assert told in inside[inside.index('class="fault"') :].split("</div>")[0]
    assert "已清运&lt;b&gt;" in inside
    assert "请重新选择图片" in inside
    assert (inbox(sqlite_engine), kept(sqlite_engine)) == ([], [])


def test_a_picture_that_is_a_page_as_well_is_kept_as_a_picture_alone(
    sqlite_engine: Engine, phone: Callable[..., Phone]
) -> None:
    unit = phone("lihe-liaison")
    polyglot = SCENE + b"<html><script>alert(1)</script>PK\x03\x04"
    assert sends(unit, "report_handled", files(polyglot, HEIC, name="x.html", kind="text/html")).status_code == 303
    for row in kept(sqlite_engine):
        content = unit.client.get(f"{unit.path}/picture/{row.sha256}").content
        assert content.startswith(b"\xff\xd8\xff")
        assert b"script" not in content
        assert CAMERA not in content


@pytest.mark.parametrize("name", ["../../../../etc/passwd", "..\\..\\x.jpg", "/etc/cron.d/x", "a\0b.jpg", "长" * 200])
def test_the_name_of_a_file_counts_for_nothing(
    sqlite_engine: Engine, settings: Settings, phone: Callable[..., Phone], name: str
) -> None:
    answer = sends(phone("lihe-liaison"), "report_handled", files(SCENE, name=name))
    assert answer.status_code == 303
    (row,) = kept(sqlite_engine)
    found = {str(path.relative_to(settings.pictures)) for path in Path(settings.pictures).rglob("*.jpg")}
    assert found == {f"{digest[:2]}/{digest}.jpg" for digest in (row.sha256, row.small_sha256)}


def test_a_digest_typed_as_text_is_no_picture(sqlite_engine: Engine, phone: Callable[..., Phone]) -> None:
    answer = phone("lihe-liaison").acts("add_picture", picture="a" * 64)
    assert (answer.status_code, "还缺少：图片" in answer.text) == (422, True)
    phone("lihe-liaison").acts("report_handled", pictures="a" * 64)
    assert [json.loads(row.facts) for row in inbox(sqlite_engine)] == [{}]


def test_the_same_form_twice_acts_once_also_at_the_same_moment_and_with_other_pictures(
    sqlite_engine: Engine, phone: Callable[..., Phone]
) -> None:
    unit = phone("lihe-liaison")
    hidden, both = unit.hidden("report_handled"), threading.Barrier(2)

    def send(picture: bytes) -> int:
        both.wait(10)
        return sends(unit, "report_handled", files(picture), hidden).status_code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(send, (SCENE, ANOTHER))) == [303, 303]
    assert sends(unit, "report_handled", files(ALIKE), hidden).status_code == 303
    (row,), (picture,) = inbox(sqlite_engine), kept(sqlite_engine)
    assert json.loads(row.facts) == {"pictures": [picture.sha256]}


def test_a_case_that_has_moved_on_costs_no_decoding(
    sqlite_engine: Engine, settings: Settings, phone: Callable[..., Phone]
) -> None:
    unit = phone("lihe-liaison")
    hidden = unit.hidden("report_handled")
    unit.acts("report_handled")
    move_cases(sqlite_engine, now=NOW)
    assert sends(unit, "report_handled", files(SCENE), hidden | unit_token(unit)).status_code == 409
    assert list(Path(settings.pictures).rglob("*.jpg")) == []


def unit_token(reader: Phone) -> dict[str, str]:
    """What the page draws now, for a form that was opened before."""
    return {name: value for name, value in reader.hidden("add_note").items() if name != "form"}


def test_a_picture_of_another_case_is_not_shown_behind_this_link(
    sqlite_engine: Engine, phone: Callable[..., Phone], cases: list[str]
) -> None:
    mine, other = phone("lihe-liaison"), phone("lihe-liaison", cases[1])
    sends(other, "add_picture", files(SCENE, field="picture"))
    (row,) = kept(sqlite_engine)
    addresses = [row.sha256, row.small_sha256, "f" * 64, "x", "..%2F..%2Fkeys%2Flink.key"]
    answers = [mine.client.get(f"{mine.path}/picture/{digest}") for digest in addresses]
    assert {answer.status_code for answer in answers} == {404}
    assert other.client.get(f"{other.path}/picture/{row.sha256}").status_code == 200
    forged = mine.client.get(f"{mine.path[:-3]}AAA/picture/{row.sha256}")
    assert (forged.status_code, "这个链接无效" in forged.text) == (403, True)


def test_a_reporter_sees_their_own_picture_and_the_proof_once_it_is_closed(
    sqlite_engine: Engine, city: City, settings: Settings, phone: Callable[..., Phone], cases: list[str]
) -> None:
    read = [a_read_picture(encoded(a_scene(seed))) for seed in range(5, 8)]
    own, foreign, inside = PictureStore(settings.pictures).keep(read)
    with transaction(sqlite_engine) as connection:
        ids = {row.receipt_number: row.id for row in connection.execute(select(REPORTS))}
        public, inspector = Handed(PictureKind.BEFORE, "public", "desk"), Handed(PictureKind.BEFORE, "x", "desk")
        add_pictures(connection, [own], OfReport(ids[cases[0]]), public, NOW)
        add_pictures(connection, [foreign], OfReport(ids[cases[1]]), public, NOW)
        add_pictures(connection, [inside], OfCase(ids[cases[0]]), inspector, NOW)
    reporter = phone(cases[0], cases[0], Purpose.REPORT)

    def seen() -> list[str]:
        return [address.rpartition("/")[2] for address in shots(reporter.page())]

    failed = sends(phone("lihe-liaison"), "report_handled", files(ANOTHER))
    for minute, (post, action, facts) in enumerate(
        (
            ("inspector-a", "check", {"result": "failed", "reason": "残留"}),
            ("lihe-liaison", "", {}),
            ("inspector-a", "check", {"result": "passed"}),
        ),
        start=1,
    ):
        if action:
            acts(sqlite_engine, city, [cases[0]], action, post, NOW + timedelta(minutes=minute), **facts)
        else:
            assert sends(phone(post), "report_handled", files(SCENE)).status_code == 303
        move_cases(sqlite_engine, now=NOW + timedelta(minutes=minute))
        assert seen() == [own.small_sha256]
    assert failed.status_code == 303
    proof = kept(sqlite_engine)[-1]
    hidden = reporter.client.get(f"{reporter.path}/picture/{proof.sha256}")
    acts(sqlite_engine, city, [cases[0]], "close", "shift-leader", NOW + timedelta(minutes=5))
    move_cases(sqlite_engine, now=NOW + timedelta(minutes=5))
    assert seen() == [own.small_sha256, proof.small_sha256]
    shown = reporter.client.get(f"{reporter.path}/picture/{proof.sha256}")
    assert (hidden.status_code, shown.status_code) == (404, 200)
    assert reporter.client.get(f"{reporter.path}/picture/{inside.sha256}").status_code == 404


def is_sent_to_check(engine: Engine, city: City, cases: list[str]) -> None:
    """What was reported as handled is given to an inspector."""
    move_cases(engine, now=NOW)
    acts(engine, city, cases, "order_check", "acceptor-a", NOW, inspector="inspector-a")
    move_cases(engine, now=NOW)


def test_an_after_picture_like_that_of_another_case_is_flagged_to_those_who_check(
    sqlite_engine: Engine, phone: Callable[..., Phone], cases: list[str], city: City
) -> None:
    for case, picture in zip(cases, (SCENE, ALIKE), strict=True):
        assert sends(phone("lihe-liaison", case), "report_handled", files(picture)).status_code == 303
    is_sent_to_check(sqlite_engine, city, cases)
    number = re.search(r'class="number">([^<]+)<', phone("inspector-a", cases[1]).page())
    told = f"与 {number[1] if number else ''} 的处置后照片高度相似，请核实"
    assert {
        post: told in phone(post).page() for post in ("inspector-a", "acceptor-a", "shift-leader")
    } == dict.fromkeys(("inspector-a", "acceptor-a", "shift-leader"), True)
    assert "高度相似" not in phone("lihe-liaison").page()
    assert f"one of {number[1] if number else ''}. Please verify" in phone("inspector-a").page("?lang=en")


def test_pictures_that_differ_are_not_flagged(
    sqlite_engine: Engine, phone: Callable[..., Phone], cases: list[str], city: City
) -> None:
    for case, picture in zip(cases, (SCENE, ANOTHER), strict=True):
        sends(phone("lihe-liaison", case), "report_handled", files(picture))
    is_sent_to_check(sqlite_engine, city, cases)
    page = phone("inspector-a").page()
    assert shots(page)
    assert "高度相似" not in page


def multipart(size: int) -> tuple[dict[str, str], Iterator[bytes]]:
    """A form of one endless file, without saying how long it is."""
    head = b'--x\r\nContent-Disposition: form-data; name="pictures"; filename="a"\r\n\r\n'
    pieces = (b"x" * MEGABYTE for _ in range(size // MEGABYTE + 1))
    return {"content-type": "multipart/form-data; boundary=x"}, iter((head, *pieces))


def test_only_a_form_with_pictures_behind_a_good_link_may_be_large_and_even_that_is_bounded(
    sqlite_engine: Engine, client: TestClient, phone: Callable[..., Phone]
) -> None:
    unit = phone("lihe-liaison")
    for path, size in (
        (f"{unit.path}/act", ROOM),
        (f"{unit.path}/received", MEGABYTE),
        (f"{unit.path[:-3]}AAA/act", MEGABYTE),
        ("/c/nonsense/act", MEGABYTE),
        ("/me", MEGABYTE),
    ):
        headers, body = multipart(size)
        assert client.post(path, content=body, headers=headers).status_code == 413, path
    plain = client.post(f"{unit.path}/act", content=b"a" * MEGABYTE, headers={"content-type": "text/plain"})
    assert plain.status_code == 413
    assert (inbox(sqlite_engine), kept(sqlite_engine)) == ([], [])


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b"no form at all"),
        (
            "multipart/form-data; boundary=x; charset=undefined",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n',
        ),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nb\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\nhalf',
        ),
        ("multipart/form-data; boundary=" + "x" * 500, b"--x--"),
        ("MULTIPART/Form-Data; boundary=x", b"--x--\r\n"),
    ],
)
def test_a_broken_form_with_files_does_nothing(
    sqlite_engine: Engine, phone: Callable[..., Phone], content_type: str, body: bytes
) -> None:
    unit = phone("lihe-liaison")
    answer = unit.client.post(f"{unit.path}/act", content=body, headers={"content-type": content_type})
    assert answer.status_code in (400, 403)
    assert inbox(sqlite_engine) == []


def test_an_action_with_pictures_in_a_full_case_is_refused_whole(
    sqlite_engine: Engine, settings: Settings, phone: Callable[..., Phone], cases: list[str]
) -> None:
    (full,) = PictureStore(settings.pictures).keep([a_read_picture(ANOTHER)])
    with transaction(sqlite_engine) as connection:
        ids = {row.receipt_number: row.id for row in connection.execute(select(REPORTS))}
        for number in range(6):
            large = {"original_sha256": f"{number}" * 64, "original_bytes": 50 * MEGABYTE // 6}
            one = type(full)(**{**{name: getattr(full, name) for name in full.__slots__}, **large})
            add_pictures(connection, [one], OfCase(ids[cases[0]]), Handed(PictureKind.OTHER, "x", "desk"), NOW)
    answer = sends(phone("lihe-liaison"), "report_handled", files(SCENE), note="已清运")
    assert answer.status_code == 422
    assert "超过50兆字节" in text_of(answer.text)
    assert (inbox(sqlite_engine), len(kept(sqlite_engine))) == ([], 6)


def test_where_pictures_cannot_be_kept_nothing_is_done_and_nothing_is_told(
    sqlite_engine: Engine, settings: Settings, phone: Callable[..., Phone]
) -> None:
    unit = phone("lihe-liaison")
    hidden = unit.hidden("report_handled")
    Path(settings.pictures).parent.mkdir(parents=True, exist_ok=True)
    Path(settings.pictures).write_text("no folder")
    answer = sends(unit, "report_handled", files(SCENE), hidden)
    assert (answer.status_code, "系统暂时出错" in answer.text) == (500, True)
    assert settings.pictures not in answer.text
    assert (inbox(sqlite_engine), kept(sqlite_engine)) == ([], [])
    Path(settings.pictures).unlink()
    assert sends(unit, "report_handled", files(SCENE), hidden).status_code == 303, "the same form, sent again"


def test_the_forms_that_need_pictures_are_offered(phone: Callable[..., Phone]) -> None:
    page = phone("lihe-liaison").page()
    assert {ActionName.REPORT_HANDLED, ActionName.ADD_PICTURE} <= phone("lihe-liaison").forms()
    form = page[page.index('id="report_handled"') - 200 :].split("</form>")[0]
    assert 'enctype="multipart/form-data"' in form
    assert 'type="file" name="pictures" accept="image/*" multiple aria' in form
