"""The analysis of a week and of any period on a real server: tables and a page with the cases behind."""

from datetime import date

import pytest
from sqlalchemy import select

from flows.acceptance_check import AcceptanceForm, acceptance_check
from flows.notices import NoticeVisit, notices
from flows.weekly_analysis import PeriodForm, WeeklyForm, period_report, weekly_analysis
from tasks.settings import Settings
from tasks.subject_notices import NOTICES
from tests.flows.test_flows_on_server import CityAtWork, here, told_by
from tests.stored_cases import at, rows_of
from tests.tasks.test_period_analysis import NOW, a_season

__all__ = ["here"]

pytestmark = [
    pytest.mark.usefixtures("prefect_server"),
    # Prefect's own clients of a run are closed late.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


async def test_a_week_and_any_period_are_told_as_tables_a_page_and_files(here: CityAtWork, settings: Settings) -> None:
    a_season(here.engine)
    week = await told_by(await weekly_analysis(WeeklyForm(now=NOW), return_state=True))
    assert week.run.name == "每周分析 2019-07-01 至 2019-07-07"
    (spot,) = week.tables["analysis-hot-spots"]
    assert (spot["小类 Class"], spot["区域 Area"], spot["件数 Cases"]) == ("暴露垃圾", "梨河镇", 5)
    assert str(spot["案件 Cases behind"]).count("E0101") == 5
    assert "高发区域" in week.others["analysis-report"]
    files = {path.suffix for path in (settings.home / "analyses").iterdir()}
    assert files == {".html", ".xlsx", ".json"}
    assert len(rows_of(here.engine, select(NOTICES.c.id).where(NOTICES.c.kind == "analysis_ready"))) == 2
    await told_by(await notices(NoticeVisit(now=at("2019-07-08 09:00")), return_state=True))
    assert {"demo/inbox/evaluator", "demo/inbox/shift-leader"} <= set(here.channel.paths())
    day = PeriodForm(first=date(2019, 7, 2), area="梨河镇", now=NOW)
    period = await told_by(await period_report(day, return_state=True))
    assert period.run.name == "时段分析 2019-07-02 至 2019-07-02"
    assert len(period.tables["analysis-rises"]) == 3
    wrong = PeriodForm(first=date(2019, 7, 2), last=date(2019, 7, 1), now=NOW)
    refused = await told_by(await period_report(wrong, return_state=True))
    assert refused.run.name == "时段分析 · 未办理"
    assert refused.run.state
    assert "早于首日" in (refused.run.state.message or "")
    assert len(rows_of(here.engine, select(NOTICES.c.id).where(NOTICES.c.kind == "analysis_ready"))) == 2


async def test_the_acceptance_check_is_a_checklist_with_its_sum(here: CityAtWork) -> None:
    form = AcceptanceForm(now=NOW, confirmed=["manuals"], missing=["supervised"])
    told = await told_by(await acceptance_check(form, return_state=True))
    assert told.run.name.startswith("验收自查 已得 ")
    found = {row["条件 Condition"]: row["现状 Found"] for row in told.tables["acceptance-conditions"]}
    assert found["有操作规定和指挥手册"] == "已确认具备"
    assert found["集成和地理数据有独立监理"] == "确认不具备"
    assert "分值表本系统未掌握" in told.others["acceptance-report"]
