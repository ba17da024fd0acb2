"""A delivery killed after its messages went out and before that was recorded: each comes once more, and says so."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from models.message_rules import MessageRules
from tests.channel_server import channel_server
from tests.chaos.job import Job
from tests.chaos.processes import Working, run
from tests.chaos.promises import arrivals
from tests.chaos.story import addresses, city_documents
from tests.notice_rows import NOW, TASK_FACTS, attempts, notice, write_case, write_notice
from tests.stored_cases import a_loaded_city

AT_ONCE = MessageRules().channel("json").at_once
NOTICES = AT_ONCE + 8
LATER = NOW + timedelta(minutes=3)
ARRIVES_WITHIN_SECONDS = 30.0


def test_what_was_under_way_comes_once_more_marked_and_the_rest_once(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    city = a_loaded_city(engine, city_documents())
    ids = []
    for number in range(NOTICES):
        name = f"E011020190506{number:04}"
        case_id = write_case(engine, number=name, receipt_number=f"R{number}")
        facts, key = {**TASK_FACTS, "number": name}, f"task:{number}"
        ids.append(write_notice(engine, case_id=case_id, facts=facts, dedupe_key=key, priority="urgent"))
    with channel_server() as channel:
        environment = {"ZHIHUI_HOME": str(tmp_path), "ZHIHUI_DATABASE_URL": database_url}
        environment |= addresses(city, lambda path: channel.url(path.replace("ok/", "gate/")))
        killed = Working(Job("delivery", NOW, "killed", environment, NOTICES))
        killed.go()
        for _ in range(AT_ONCE):
            assert channel.arrived.acquire(timeout=ARRIVES_WITHIN_SECONDS)
        assert killed.kill_after(0)
        channel.go_on.set()
        done = run(Job("delivery", LATER, "next", environment, NOTICES)).said
    assert (done["sent"], done["repeats"]) == (NOTICES, AT_ONCE)
    arrived = list(arrivals(channel.received))
    first, second = arrived[:AT_ONCE], arrived[AT_ONCE:]
    assert not any(one.repeat for one in first)
    assert {one.title for one in second if one.repeat} == {one.title for one in first}
    assert len(second) == NOTICES
    assert {notice(engine, one)["state"] for one in ids} == {"sent"}
    told = [[(tried["ok"], tried["outcome"]) for tried in attempts(engine, one)] for one in ids]
    assert told.count([(None, "unknown"), (True, "handed_over")]) == AT_ONCE
    assert told.count([(True, "handed_over")]) == NOTICES - AT_ONCE
