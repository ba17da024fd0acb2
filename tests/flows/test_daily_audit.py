"""The nightly audit on a real server: the seal of a day under one key, a run that fails where a record was altered."""

import pytest
from sqlalchemy import text

from flows.daily_audit import AuditVisit, daily_audit
from tasks.database import reading
from tasks.day_seal import seal_before
from tests.flows.test_flows_on_server import CityAtWork, here, told_by
from tests.stored_cases import at, reports_taken_in

__all__ = ["here"]

pytestmark = [
    pytest.mark.usefixtures("prefect_server", "settings"),
    # Prefect's own clients of a run are closed late.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

NIGHT = AuditVisit(now=at("2019-05-07 00:20"))


async def test_a_night_verifies_all_and_seals_the_day_until_something_was_altered(here: CityAtWork) -> None:
    empty = await told_by(await daily_audit(NIGHT, return_state=True))
    assert empty.run.name == "每日存证 2019-05-06 · 尚无记录"
    reports_taken_in(here.engine, here.city, 2, at("2019-05-06 08:00"))
    with reading(here.engine) as connection:
        seal = seal_before(connection, here.city, at("2019-05-07 00:20"))
    assert seal is not None
    for _ in range(2):
        night = await told_by(await daily_audit(NIGHT, return_state=True))
        assert night.run.name == f"每日存证 2019-05-06 {seal.short}"
        (row,) = night.tables["day-seal"]
        assert (row["日期 Day"], row["存证值 Seal"], row["记录链 Chains"]) == ("2019-05-06", seal.digest, 2)
        assert "完整，未被改动" in night.others["audit-report"]
    with here.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER case_event_refuses_update"))
        connection.execute(text("UPDATE case_event SET actor = 'somebody' WHERE case_id = 2"))
    broken = await told_by(await daily_audit(NIGHT, return_state=True))
    assert broken.run.name == "每日存证 2019-05-06 · 记录不符"
    assert broken.run.state
    assert (broken.run.state.type.value, broken.run.state.name) == ("FAILED", "Broken 记录不符")
    assert "事件内容与其校验值不符" in (broken.run.state.message or "")
    assert "day-seal" not in broken.tables
