"""Files are replayed: real ones agree with their own flags and with a second computation, bad rows are counted."""

import csv
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import chinese_calendar
import numpy as np
import pandas as pd
import pytest
import yaml

from models.source_mapping import SourceMapping
from tasks.intake_errors import FileMissing, HeaderLacksColumns
from tasks.replay import Replayed, replay_file, replay_json, write_cases
from tasks.source_mappings import SHIPPED, find_mapping
from tests.cities import a_small_city
from tests.replayed import XINZHENG, at, real_file, xinzheng
from tests.source_files import a_mapping, a_row, csv_bytes
from tests.untraced import untraced

NOW = datetime(2026, 1, 1, tzinfo=UTC)

HOUR = 3600 * 10**6
"""Microseconds, as everything below is counted."""


def mapping(source: str) -> SourceMapping:
    return find_mapping(source, {})


@dataclass
class RealReplay:
    """A real file, what its replay says and the cases it wrote."""

    rows: pd.DataFrame
    done: Replayed
    cases: pd.DataFrame


def told(folder: Path, file: Path, done: Replayed) -> RealReplay:
    write_cases(folder / "cases.csv", done.cases, xinzheng())
    return RealReplay(texts_of(file), done, texts_of(folder / "cases.csv"))


def texts_of(file: Path) -> pd.DataFrame:
    return pd.read_csv(file, dtype=str, keep_default_na=False)


@pytest.fixture(scope="session")
def boston(tmp_path_factory: pytest.TempPathFactory) -> RealReplay:
    """Boston under its own deadlines, its flags taken out of the file before."""
    folder, rows = tmp_path_factory.mktemp("boston"), texts_of(real_file("boston_311_2011_jul_sep.csv.gz"))
    file = folder / "without_flags.csv"
    rows.drop(columns="ontime").to_csv(file, index=False)
    with untraced():
        replay = told(folder, file, replay_file(file, mapping("boston311"), xinzheng(), now=NOW))
    assert "ontime" not in replay.rows
    return RealReplay(rows, replay.done, replay.cases)


@pytest.fixture(scope="session")
def boston_in_xinzheng(tmp_path_factory: pytest.TempPathFactory) -> RealReplay:
    """Boston under Xinzheng's catalogue and calendar; without closings and ladder, which move no deadline."""
    file, city = real_file("boston_311_2011_jul_sep.csv.gz"), xinzheng()
    known = mapping("boston311")
    without_closings = replace(known, columns={n: c for n, c in known.columns.items() if n != "closed_at"})
    without_ladder = replace(city, policy=replace(city.policy, ladder=()))
    with untraced():
        done = replay_file(file, without_closings, without_ladder, now=NOW, deadlines="city")
    return told(tmp_path_factory.mktemp("city"), file, done)


@pytest.fixture(scope="session")
def pingshan(tmp_path_factory: pytest.TempPathFactory) -> RealReplay:
    """Pingshan, which has flags and no times."""
    file = real_file("pingshan_2018_feb_oct.csv")
    with untraced():
        done = replay_file(file, mapping("pingshan"), xinzheng(), now=NOW)
    return told(tmp_path_factory.mktemp("pingshan"), file, done)


def test_every_boston_row_with_deadline_closing_and_flag_gets_its_own_flag(boston: RealReplay) -> None:
    rows = boston.rows.merge(boston.cases, left_on="case_enquiry_id", right_on="source_id", validate="1:1")
    judged = rows[(rows.target_dt != "") & (rows.closed_dt != "") & (rows.ontime != "")]
    assert len(judged) == 25_101
    assert (judged.on_time == judged.ontime.map({"ONTIME": "true", "OVERDUE": "false"})).all()


def test_every_boston_report_with_a_closing_is_closed_then_and_no_other(boston: RealReplay) -> None:
    rows = boston.rows.merge(boston.cases, left_on="case_enquiry_id", right_on="source_id")
    closed = rows.closed_dt != ""
    assert (rows.state[closed] == "closed").all()
    assert not (rows.state[~closed] == "closed").any()
    told = pd.to_datetime(rows.closed_dt[closed]).dt.tz_localize("America/New_York", ambiguous=True)
    assert (pd.to_datetime(rows.closed_at[closed], utc=True) == told).all()


def test_the_boston_counts_fit_together(boston: RealReplay) -> None:
    said = replay_json(boston.done)
    assert (said["reports"], said["taken"], said["duplicates"], said["refused"]) == (31_828, 31_828, 0, 0)
    assert said["cases"] == 31_828
    assert said["closed"] == said["on_time"] + said["overdue"] == 31_828 - 1_747
    assert said["until"] == "2019-06-28T00:18:27+08:00"  # the last closing, 12:18:27 in Boston
    assert sum(month["closed"] for month in said["by_month"].values()) == said["closed"]
    assert (said["deadlines"], said["drawn"], said["stuck"]) == ("source", False, [])
    assert said["similar"] > 0


def test_every_closed_boston_case_went_through_its_real_state_changes(boston: RealReplay) -> None:
    closed = [played.case for played in boston.done.cases if played.on_time is not None]
    # report, accept, file, dispatch, receive, report_handled, check, close; order_check where an inspector is on duty
    assert min(case.events for case in closed) >= 8
    # and the case that stays open was at least dispatched and received
    still_open = 1_747
    assert boston.done.tally.transitions == 8 * len(closed) + 5 * still_open
    assert all(played.case.head_hash for played in boston.done.cases)


def test_pingshan_closes_as_its_flags_say_and_tells_that_it_was_drawn(pingshan: RealReplay) -> None:
    said = replay_json(pingshan.done)
    assert said["drawn"] is True
    assert round(100 * said["by_month"]["2018-09"]["on_time_rate"], 2) == 88.47
    assert round(100 * said["by_month"]["2018-10"]["on_time_rate"], 2) == 92.60
    rows = pingshan.rows.merge(pingshan.cases, left_on="REC_ID", right_on="source_id", validate="1:1")
    flagged = rows.INTIME_ARCHIVE_NUM != "-"
    assert (rows.on_time[flagged] == rows.INTIME_ARCHIVE_NUM[flagged].map({"1": "true", "0": "false"})).all()
    assert (rows.state[~flagged] == "handling").all()
    assert said["closed"] == int(flagged.sum()) == 6_950


def test_what_was_closed_on_time_was_closed_by_its_deadline(boston: RealReplay, pingshan: RealReplay) -> None:
    for replay in (boston, pingshan):
        closed = replay.cases[replay.cases.on_time != ""]
        in_time = pd.to_datetime(closed.closed_at, utc=True) <= pd.to_datetime(closed.due_at, utc=True)
        assert (in_time == (closed.on_time == "true")).all()


def test_a_second_computation_gives_every_boston_row_the_same_due_time(boston_in_xinzheng: RealReplay) -> None:
    rows, cases = boston_in_xinzheng.rows, boston_in_xinzheng.cases
    opened = pd.to_datetime(rows.open_dt).dt.tz_localize("America/New_York", ambiguous=True)
    assert len(cases) == 31_828
    assert_same_due_times(rows.case_enquiry_id, opened, limits_of("boston311", rows.type), cases)


def test_a_second_computation_gives_every_pingshan_row_the_same_due_time(pingshan: RealReplay) -> None:
    rows, cases = pingshan.rows, pingshan.cases
    opened = pd.to_datetime(rows.CREATE_TIME).dt.tz_localize("Asia/Shanghai")
    assert len(cases) == 6_952
    assert_same_due_times(rows.REC_ID, opened, limits_of("pingshan", rows.SUB_TYPE_NAME), cases)


def limits_of(source: str, classes: pd.Series) -> pd.Series:
    """The limit of each row by the files alone: class text -> subclass/condition -> catalogue.csv."""
    written = yaml.safe_load((SHIPPED / f"{source}.yaml").read_text("utf-8"))["classes"]
    texts = {" ".join(text.split()): chosen for text, chosen in written["texts"].items()}
    chosen = classes.str.split().str.join(" ").map(texts).fillna(written["default"])
    catalogue = pd.read_csv(XINZHENG / "catalogue.csv", dtype=str, encoding="utf-8-sig")
    limit_of = (catalogue.code + "/" + catalogue.condition_no).to_frame("key").assign(limit=catalogue.limit)
    return chosen.map(limit_of.set_index("key").limit)


def assert_same_due_times(ids: pd.Series, opened: pd.Series, limits: pd.Series, cases: pd.DataFrame) -> None:
    expected = due_times(opened, limits)
    found = pd.to_datetime(ids.map(cases.set_index("source_id").due_at), utc=True)
    assert found.notna().all()
    assert expected.notna().all()
    assert (found == expected).all()


def due_times(opened: pd.Series, limits: pd.Series) -> pd.Series:
    """When the limits run out, by sums over the sessions of all work days; nothing of the project's own is used.

    Where a limit runs out with a session, the session's end is meant and not the next one's start.
    """
    local = opened.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)
    begun = local.to_numpy().astype("datetime64[us]").astype(np.int64)
    amount, unit = limits.str.split(" ").str[0].astype(int).to_numpy(), limits.str.split(" ").str[1]
    hours = amount * unit.map({"urgent_hour": 1, "work_hour": 1, "work_day": 8, "natural_day": 24}).to_numpy()
    working = unit.isin(["work_hour", "work_day"]).to_numpy()
    due = np.where(working, worked_out(begun, hours * HOUR), begun + hours * HOUR)
    moments = pd.Series(due.astype("datetime64[us]"), index=opened.index)
    return moments.dt.tz_localize("Asia/Shanghai").dt.tz_convert("UTC")


def worked_out(begun: np.ndarray[Any, Any], amount: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    days = [day for day in pd.date_range("2011-06-01", "2019-01-31") if is_workday(day.date())]
    midnights = np.array(days, dtype="datetime64[us]").astype(np.int64)
    starts = np.sort(np.concatenate([midnights + 8 * HOUR, midnights + 14 * HOUR]))
    session = np.searchsorted(starts, begun, side="right") - 1
    wanted = session * 4 * HOUR + np.minimum(begun - starts[session], 4 * HOUR) + amount
    last = -(-wanted // (4 * HOUR)) - 1
    due: np.ndarray[Any, Any] = starts[last] + (wanted - last * 4 * HOUR)
    return due


def is_workday(day: date) -> bool:
    return bool(chinese_calendar.is_workday(day))


def small_file(folder: Path, *rows: dict[str, str]) -> Path:
    file = folder / "reports.csv"
    file.write_bytes(csv_bytes(rows, header=("编号", "时间", "结案", "期限", "内容", "类别", "区域")))
    return file


def row(number: int, **values: str) -> dict[str, str]:
    return a_row(number, 类别="垃圾", 区域="410184101001001") | values


def test_bad_rows_repeated_rows_and_rows_after_the_end_are_counted_apart(tmp_path: Path) -> None:
    file = small_file(
        tmp_path,
        row(1, 结案="2019-05-05 09:00:00"),
        row(1, 结案="2019-05-05 09:00:00"),
        row(2, 时间="morgen"),
        row(3, 时间="2019-05-05 08:00:00", 结案="2019-05-04 08:00:00"),
        row(4, 时间="2019-05-07 08:00:00"),
        row(5),
    )
    done = replay_file(file, a_mapping(), a_small_city(), now=NOW, until=at("2019-05-06 00:00"))
    said = replay_json(done)
    assert (said["reports"], said["taken"], said["duplicates"], said["refused"], said["later"]) == (6, 2, 1, 2, 1)
    assert said["refused_reasons"] == {"closed_before_opened": 1, "unreadable_time": 1}
    assert (said["cases"], said["closed"]) == (2, 1)


def test_the_cases_file_has_the_columns_programs_rely_on(tmp_path: Path) -> None:
    file = small_file(tmp_path, row(1, 结案="2019-05-05 09:00:00"), row(2))
    done = replay_file(file, a_mapping(), a_small_city(), now=NOW, until=at("2019-05-05 09:00"))
    write_cases(tmp_path / "cases.csv", done.cases, a_small_city())
    with (tmp_path / "cases.csv").open(encoding="utf-8", newline="") as out:
        header, first, second = csv.reader(out)
    assert header == ["source_id", "number", "state", "unit", "filed_at", "due_at", "closed_at", "on_time"]
    filed, due, closed = "2019-05-05T08:00:00+08:00", "2019-05-05T12:00:00+08:00", "2019-05-05T09:00:00+08:00"
    assert first == ["A1", "E0101201905050001", "closed", "lihe", filed, due, closed, "true"]
    assert second == ["A2", "E0101201905050002", "handling", "lihe", filed, due, "", ""]


def test_the_json_has_the_names_programs_rely_on(tmp_path: Path) -> None:
    done = replay_file(small_file(tmp_path, row(1)), a_mapping(), a_small_city(), now=NOW)
    said = replay_json(done)
    assert {"reports", "taken", "duplicates", "refused", "cases", "closed", "on_time", "overdue"} <= set(said)
    assert {"transitions", "notices", "seconds", "transitions_per_second", "by_month", "drawn", "until"} <= set(said)
    assert said["until"] == "2019-05-05T08:00:00+08:00"  # no closing in the file: its last opening
    assert said["deadlines"] == "source"


def test_progress_reaches_its_end(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    file = small_file(tmp_path, row(1, 结案="2019-05-05 09:00:00"), row(2))
    replay_file(file, a_mapping(), a_small_city(), now=NOW, on_progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3, 3)


def test_a_file_that_cannot_be_read_is_refused_as_at_the_intake(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        replay_file(tmp_path / "none.csv", a_mapping(), a_small_city(), now=NOW)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(HeaderLacksColumns):
        replay_file(tmp_path / "other.csv", a_mapping(), a_small_city(), now=NOW)
