"""Who owes which report by when; one entry feeds them all; late, missing and contradicting stay on record."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from models.city import City
from models.flood_event import Recording
from models.flood_rules import ReportKind, ReportMeans, ResponseLevel
from models.flood_warning import Hazard
from models.notice import Notice
from models.refusal import Refusal
from models.tables import table_of
from tasks.database import transaction
from tasks.flood_events import EVENTS
from tasks.info_reports import ENTRIES, EntryWish, Reported, add_entry, pass_on, report_incident
from tasks.report_deadlines import OWED, owe_daily
from tasks.report_sweep import Moved, move_deadlines
from tests.flood_rows import MORNING, TOWN, a_warning, a_wish, decides, ends, happened, looks, rows_in, told
from tests.response_cities import a_response_city

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
XQ = "XQ20210720-001"
NOTICES = table_of(Notice)


@pytest.fixture
def city() -> City:
    return a_response_city()


def a_report(**changes: Any) -> EntryWish:
    usual: dict[str, Any] = {
        "kind": ReportKind.INITIAL,
        "means": ReportMeans.PHONE,
        "by": "lihe-liaison",
        "danger": "堤防管涌",
        "place": "双洎河右岸",
        "evacuated": 20,
    }
    return EntryWish(**usual | changes)


def reports(engine: Engine, city: City, now: datetime = MORNING, key: str = "r1", **changes: Any) -> Reported | Refusal:
    with transaction(engine) as connection:
        recording = Recording(now, "desk")
        return report_incident(connection, city, Hazard.FLOOD, TOWN, a_report(**changes), key, recording)


def follows(engine: Engine, city: City, now: datetime, key: str, **changes: Any) -> Reported | Refusal:
    usual: dict[str, Any] = {"kind": ReportKind.FOLLOW_UP, "means": ReportMeans.WRITTEN, "danger": "", "place": ""}
    wish = a_report(**usual | {"evacuated": None} | changes)
    with transaction(engine) as connection:
        return add_entry(connection, city, XQ, wish, key, Recording(now, "desk"))


def sweeps(engine: Engine, city: City, now: datetime) -> Moved:
    with transaction(engine) as connection:
        return move_deadlines(connection, city, now, Recording(now, "flow"))


def owed(engine: Engine, **wanted: Any) -> list[tuple[str, str, str, datetime]]:
    return [
        (row.kind, row.means, row.state, row.due_at)
        for row in rows_in(engine, OWED)
        if all(getattr(row, name) == value for name, value in wanted.items())
    ]


def test_an_incident_starts_its_limits_and_the_first_call_satisfies_what_was_owed_by_phone(
    engine: Engine, city: City
) -> None:
    found = reports(engine, city)
    assert isinstance(found, Reported)
    assert (found.number, found.satisfied) == (XQ, 1)
    assert owed(engine, unit="lihe") == [
        ("initial", "phone", "given", MORNING + HOUR),
        ("initial", "written", "owed", MORNING + 24 * HOUR),
        ("follow_up", "phone", "owed", MORNING + 12 * HOUR),
    ]
    assert owed(engine, unit="centre") == [("initial", "phone", "owed", MORNING + 2 * HOUR)]
    assert told(engine, "incident_reported") == ["centre-liaison"]
    assert isinstance(reports(engine, city), Reported)
    assert len(rows_in(engine, ENTRIES)) == 1, "the same key is the same incident"


def test_one_entry_feeds_every_report_and_is_handed_on_without_typing_it_again(engine: Engine, city: City) -> None:
    reports(engine, city)
    written = follows(engine, city, MORNING + HOUR, "r2")
    assert isinstance(written, Reported)
    assert written.satisfied == 2, "the written first report and the follow-up"
    with transaction(engine) as connection:
        recording = Recording(MORNING + HOUR, "desk")
        assert pass_on(connection, city, XQ, ReportMeans.PHONE, "centre-liaison", recording) == 1
        again = pass_on(connection, city, XQ, ReportMeans.PHONE, "centre-head", recording)
    assert isinstance(again, Refusal)
    assert (again.code, again.facts["by"]) == ("given_already", "centre-liaison")
    given = {row.entry_id for row in rows_in(engine, OWED) if row.given_at == MORNING + HOUR}
    assert given == {written.entry_id}
    assert len(rows_in(engine, ENTRIES)) == 2


def test_a_series_goes_on_as_often_as_the_level_asks_until_the_final_report(engine: Engine, city: City) -> None:
    a_warning(engine, "YJ20210720-001", "red")
    looks(engine, city)
    reports(engine, city)
    decides(engine, city, a_wish(level=ResponseLevel.II))
    assert owed(engine, kind="follow_up", subject=XQ) == [("follow_up", "phone", "owed", MORNING + 2 * HOUR)]
    follows(engine, city, MORNING + HOUR, "r2")
    assert owed(engine, kind="follow_up", subject=XQ)[-1][3] == MORNING + 3 * HOUR
    follows(engine, city, MORNING + 2 * HOUR, "r3", kind=ReportKind.FINAL)
    assert [one[2] for one in owed(engine, kind="follow_up", subject=XQ)] == ["given", "given"]
    assert sweeps(engine, city, MORNING + 9 * HOUR).late == 5, "the response's own series, and the centre's report"


def test_what_is_told_of_a_report_is_named_by_the_report_and_not_by_the_row_a_database_gave_it(
    engine: Engine, city: City
) -> None:
    reports(engine, city, by="centre-liaison")
    sweeps(engine, city, MORNING + HOUR)
    keys = {row.key for row in rows_in(engine, OWED)}
    named = [row.dedupe_key for row in rows_in(engine, NOTICES) if row.kind == "info_report_late"]
    assert named
    assert all(any(name.startswith(f"report:{key}:") for key in keys) for name in named)


def test_a_report_not_given_is_called_for_then_late_then_missing_and_each_only_once(engine: Engine, city: City) -> None:
    reports(engine, city, means=ReportMeans.PHONE, by="centre-liaison")
    assert [one[2] for one in owed(engine, unit="lihe", kind="initial")] == ["owed", "owed"], "another unit's call"
    assert sweeps(engine, city, MORNING).called == 2
    assert told(engine, "info_report_owed") == ["lihe-liaison", "lihe-liaison"]
    late = MORNING + HOUR
    assert [sweeps(engine, city, late), sweeps(engine, city, late)] == [Moved(0, 1, 0), Moved()]
    assert told(engine, "info_report_late") == ["lihe-liaison", "lihe-head", "centre-liaison"]
    sweeps(engine, city, late + 30 * MINUTE)
    assert told(engine, "info_report_late")[-1] == "centre-head"
    assert sweeps(engine, city, late + 2 * HOUR).missing == 1
    assert set(told(engine, "info_report_missing")) == {"lihe-liaison", "lihe-head", "centre-liaison", "centre-head"}
    assert [one[2] for one in owed(engine, unit="lihe", means="phone", kind="initial")] == ["missing"]
    follows(engine, city, late + 3 * HOUR, "r2")
    (row,) = [r for r in rows_in(engine, OWED) if (r.unit, r.means, r.kind) == ("lihe", "phone", "initial")]
    assert (row.state, row.given_at) == ("late", late + 3 * HOUR)
    kinds = happened(engine, f"reports:{XQ}")
    assert [kind for kind in kinds if kind in ("late", "missing", "given_late")] == ["late", "missing", "given_late"]


def test_a_follow_up_that_is_missed_does_not_end_the_series(engine: Engine, city: City) -> None:
    reports(engine, city)
    sweeps(engine, city, MORNING + 12 * HOUR)
    assert [one[2:] for one in owed(engine, kind="follow_up")] == [
        ("late", MORNING + 12 * HOUR),
        ("owed", MORNING + 24 * HOUR),
    ]


def test_casualties_go_up_the_line_at_once_and_again_only_when_there_are_more(engine: Engine, city: City) -> None:
    reports(engine, city, injured=1)
    assert told(engine, "incident_casualties") == ["centre-liaison", "centre-head", "leader"]
    rows = [row for row in rows_in(engine, NOTICES) if row.kind == "incident_casualties"]
    assert {(row.priority, row.requires_ack) for row in rows} == {("emergency", True)}
    follows(engine, city, MORNING + HOUR, "r2", injured=1)
    assert len(told(engine, "incident_casualties")) == 3
    follows(engine, city, MORNING + 2 * HOUR, "r3", dead=1)
    assert len(told(engine, "incident_casualties")) == 6
    assert happened(engine, f"reports:{XQ}").count("casualties") == 2


def test_an_entry_that_contradicts_an_earlier_one_is_kept_beside_it(engine: Engine, city: City) -> None:
    reports(engine, city, evacuated=120, injured=5)
    found = follows(engine, city, MORNING + HOUR, "r2", evacuated=100, injured=3, place="双洎河左岸")
    assert isinstance(found, Reported)
    assert found.contradicts == ("injured", "evacuated", "place")
    first, second = rows_in(engine, ENTRIES)
    assert (first.evacuated, second.evacuated, first.place) == (120, 100, "双洎河右岸")
    assert "contradiction" in happened(engine, f"reports:{XQ}")


def test_what_is_not_said_stands_as_it_was(engine: Engine, city: City) -> None:
    reports(engine, city, dead=2, technical_person="water-head")
    follows(engine, city, MORNING + HOUR, "r2", measures="已抢护")
    second = rows_in(engine, ENTRIES)[1]
    assert (second.dead, second.place, second.technical_person) == (2, "双洎河右岸", "water-head")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"by": "auditor"}, "may_not_report"),
        ({"by": "nobody"}, "may_not_report"),
        ({"dead": -1}, "no_figure"),
        ({"happened_at": MORNING + MINUTE}, "happened_in_future"),
        ({"technical_person": "nobody"}, "unknown_post"),
        ({"danger": " "}, "entry_lacks"),
    ],
)
def test_a_report_that_cannot_be_is_refused(engine: Engine, city: City, changes: dict[str, Any], code: str) -> None:
    found = reports(engine, city, **changes)
    assert isinstance(found, Refusal)
    assert found.code == code
    assert rows_in(engine, OWED) == []


def test_after_the_final_report_only_a_corrected_final_one_is_taken(engine: Engine, city: City) -> None:
    reports(engine, city)
    follows(engine, city, MORNING + HOUR, "r2", kind=ReportKind.FINAL)
    late = follows(engine, city, MORNING + 2 * HOUR, "r3")
    assert isinstance(late, Refusal)
    assert late.code == "incident_ended"
    assert isinstance(follows(engine, city, MORNING + 2 * HOUR, "r4", kind=ReportKind.FINAL), Reported)


def test_a_response_owes_follow_ups_while_it_lasts_and_a_final_report_after_it(engine: Engine, city: City) -> None:
    a_warning(engine, "YJ20210720-001", "orange")
    looks(engine, city)
    decides(engine, city, a_wish())
    subject = f"response:flood:{TOWN}"
    assert owed(engine, subject=subject) == [("follow_up", "written", "owed", MORNING + 6 * HOUR)]
    a_warning(engine, "YJ20210720-002", "red")
    looks(engine, city, MORNING + HOUR)
    more = a_wish(consultation="HS20210720-002", level=ResponseLevel.I)
    decides(engine, city, more, "key-2", MORNING + HOUR)
    assert owed(engine, subject=subject) == [("follow_up", "written", "owed", MORNING + 2 * HOUR)], "brought forward"
    over = a_wish(consultation="HS20210720-003", level=ResponseLevel.ENDED)
    ends(engine, "YJ20210720-001", MORNING + 90 * MINUTE)
    ends(engine, "YJ20210720-002", MORNING + 90 * MINUTE)
    looks(engine, city, MORNING + 90 * MINUTE)
    decides(engine, city, over, "key-3", MORNING + 90 * MINUTE)
    assert [one[:3] for one in owed(engine, subject=subject)] == [
        ("follow_up", "written", "withdrawn"),
        ("final", "written", "owed"),
    ]
    assert happened(engine, f"reports:{subject}") == ["owed", "brought_forward", "withdrawn", "owed"]


def test_the_same_form_sent_twice_at_once_is_one_incident_and_no_error(engine: Engine, city: City) -> None:
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: reports(engine, city, key="tapped twice"), range(2)))
    assert [isinstance(one, Reported) and one.number for one in found] == [XQ, XQ]
    assert len(rows_in(engine, ENTRIES)) == 1


def test_daily_reports_are_owed_in_season_and_by_members_in_a_response(engine: Engine, city: City) -> None:
    def looks_at(now: datetime) -> int:
        with transaction(engine) as connection:
            return owe_daily(connection, city, now, Recording(now, "flow"))

    winter = MORNING.replace(month=12, hour=7, minute=30)
    assert looks_at(winter) == 0
    assert [looks_at(MORNING - 30 * MINUTE), looks_at(MORNING - 29 * MINUTE)] == [1, 0]
    assert looks_at(MORNING + 7 * HOUR + 30 * MINUTE) == 0, "no member has a duty"
    a_warning(engine, "YJ20210720-001", "orange")
    looks(engine, city)
    decides(engine, city, a_wish())
    assert looks_at(MORNING + 7 * HOUR + 40 * MINUTE) == 2
    assert {row.unit for row in rows_in(engine, OWED) if row.kind == "daily"} == {"centre", "lihe", "water"}
    assert looks_at(MORNING + 25 * HOUR) == 1, "what a visit that was away for a day missed is made up for"


def test_the_newest_daily_report_is_found_by_an_index_however_many_reports_there_are(
    sqlite_engine: Engine, city: City
) -> None:
    asked: list[tuple[str, Any]] = []
    with transaction(sqlite_engine) as connection:
        event.listen(connection, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        owe_daily(connection, city, MORNING, Recording(MORNING, "flow"))
        newest, values = next((said, values) for said, values in asked if "max(report_owed.due_at)" in said)
        (plan,) = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {newest}", values).all()
    assert "ix_report_owed_kind (kind=?)" in plan.detail


def test_phone_and_identity_numbers_typed_into_an_entry_are_kept_nowhere(engine: Engine, city: City) -> None:
    phone, card = "13800000000", "410184199001011234"
    reports(engine, city, danger=f"管涌 {phone}", place=f"河堤，联系{phone}", measures=f"联系{card}", words=phone)
    follows(engine, city, MORNING + MINUTE, "f", extent=f"约2亩，户主{card}")
    stored = repr([tuple(row) for table in (ENTRIES, NOTICES, EVENTS) for row in rows_in(engine, table)])
    assert phone not in stored
    assert card not in stored
    first, second = rows_in(engine, ENTRIES)
    assert (first.place, second.place, second.extent) == ("河堤，联系●●●", "河堤，联系●●●", "约2亩，户主●●●")
