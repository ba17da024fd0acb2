"""Boston and Pingshan replayed into a database: SQL, pandas over the events and the files themselves count the same."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine

from models.city import City
from models.evaluation_counts import CountName
from models.evaluation_marks import Cut
from tasks.audit import verify_all
from tasks.city_edition import current_city, load_city
from tasks.counted_marks import month_period
from tasks.database import reading, transaction
from tasks.directory import read_directory
from tasks.evaluation_counts import count
from tasks.replay import read_reports
from tasks.source_mappings import find_mapping
from tests.evaluation.second_way import Story, count_again, pieces
from tests.evaluation.stored_replay import replay_into
from tests.evaluation.test_counts_of_made_up_cities import by_sql
from tests.replayed import XINZHENG, real_file
from tests.untraced import untraced

pytestmark = pytest.mark.untraced

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CUTS = ((), (Cut.UNIT,), (Cut.GROUP,), (Cut.CLASS, Cut.AREA), (Cut.GRID, Cut.SOURCE), (Cut.POST,))


def sampled(rows: pd.DataFrame, folder: Path, step: int) -> tuple[Path, pd.DataFrame]:
    """Every so many rows, in a file of their own."""
    some, file = rows.iloc[::step], folder / "sample.csv"
    some.to_csv(file, index=False)
    return file, some


def stored(engine: Engine, file: Path, source: str, until: datetime | None) -> tuple[City, list[Story]]:
    """The file's reports played in Xinzheng and stored."""
    with transaction(engine) as connection:
        load_city(connection, read_directory(XINZHENG), datetime(2011, 1, 1, tzinfo=UTC), "admin")
        city = current_city(connection)
        reports = read_reports(file, find_mapping(source, {}), city, NOW).reports
        with untraced():
            return city, list(replay_into(connection, city, reports, until, own_deadlines=source == "boston311"))


def assert_both_ways_agree(engine: Engine, city: City, stories: list[Story], months: tuple[str, ...]) -> None:
    found = pieces(stories, city, NOW)
    with reading(engine) as connection:
        for month in months:
            period = month_period(month, city)
            for cuts in CUTS:
                names = [cut.value for cut in cuts]
                again = count_again(found, period.start, period.end, names)
                assert by_sql(connection, city, period, cuts, NOW) == again, (month, names)


def test_boston_counts_what_its_own_deadlines_and_flags_say(sqlite_engine: Engine, tmp_path: Path) -> None:
    rows = pd.read_csv(real_file("boston_311_2011_jul_sep.csv.gz"), dtype=str, keep_default_na=False)
    judged = rows[(rows.target_dt != "") & (rows.closed_dt != "") & (rows.ontime != "")]
    file, some = sampled(judged, tmp_path, 50)
    city, stories = stored(sqlite_engine, file, "boston311", datetime(2019, 12, 31, tzinfo=UTC))
    targets = pd.to_datetime(some.target_dt).dt.tz_localize("America/New_York", ambiguous=True)
    with reading(sqlite_engine) as connection:
        for month in ("2011-07", "2011-08", "2011-09", "2011-10"):
            period = month_period(month, city)
            due = some[(targets >= period.start) & (targets < period.end)]
            line = count(connection, city, period, now=NOW).total.scoring
            flags = due.ontime.value_counts()
            assert line[CountName.DUE_TO_CLOSE] == line[CountName.CLOSED] == len(due) > 0
            assert line[CountName.CLOSED_ON_TIME] == flags.get("ONTIME", 0)
            assert line[CountName.CLOSED_LATE] == flags.get("OVERDUE", 0)
    assert_both_ways_agree(sqlite_engine, city, stories, ("2011-08", "2011-09"))
    assert verify_all(sqlite_engine).broken is None


def test_pingshan_counts_the_same_both_ways(sqlite_engine: Engine, tmp_path: Path) -> None:
    rows = pd.read_csv(real_file("pingshan_2018_feb_oct.csv"), dtype=str, keep_default_na=False)
    file, _ = sampled(rows, tmp_path, 20)
    city, stories = stored(sqlite_engine, file, "pingshan", None)
    assert_both_ways_agree(sqlite_engine, city, stories, ("2018-09", "2018-10"))
    assert verify_all(sqlite_engine).broken is None
