"""Reports to replay in the small city, and the real files replayed under the model city."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import deployments
from models.city import City
from models.mapped_report import MappedReport
from models.replay import Replay
from models.replay_city import replay_city
from tasks.directory import city_from_documents, read_directory
from tests.cities import a_small_city

PROJECT = Path(deployments.__file__).parents[1]
DATA = PROJECT.parent / "shared" / "data"
XINZHENG = PROJECT / "deployments" / "cities" / "xinzheng"


def real_file(name: str) -> Path:
    """A file of real reports; where it is not here the test is skipped."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"real data file ../shared/data/{name} is not here")
    return path


def xinzheng() -> City:
    """The model city."""
    return city_from_documents(read_directory(XINZHENG).documents)


def at(text: str) -> datetime:
    """A moment in the small city. Example: at("2019-05-06 08:00")."""
    return datetime.fromisoformat(text).replace(tzinfo=a_small_city().zone)


def a_report(source_id: str = "1", opened: str = "2019-05-06 08:00", **fields: Any) -> MappedReport:
    """A complete report of litter (4 work_hour) in 梨河镇; any field can be another, moments as text."""
    values: dict[str, Any] = {name: None for name in MappedReport.__slots__} | {
        "source": "native",
        "source_id": source_id,
        "opened_at": at(opened),
        "class_code": "E0101",
        "condition_no": 1,
        "description": "垃圾",
        "place": "梨河村口",
        "area": "410184101001001",
        "flags": (),
    }
    moments = {n: at(v) for n, v in fields.items() if n in ("due_at", "closed_at") and isinstance(v, str)}
    return MappedReport(**(values | fields | moments))


def replayed(
    *reports: MappedReport, until: str | None = "2019-12-31 00:00", own: bool = False, city: City | None = None
) -> Replay:
    """These reports replayed in the small city, or in another."""
    sources: Sequence[str] = [report.source for report in reports]
    played = replay_city(city or a_small_city(), sources, own_deadlines=own)
    replay = Replay(played, reports, lambda moment: f"{moment.astimezone(played.zone):%Y-%m}")
    for _ in replay.run(at(until) if until else None):
        pass
    return replay
