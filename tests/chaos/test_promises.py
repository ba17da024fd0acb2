"""What is checked after a kill is really checked: a lost message, an unmarked repeat, an altered event are found."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from models.city import City
from tasks.database import open_database, transaction
from tasks.inbox import INBOX
from tests.channel_server import channel_server
from tests.chaos.kills import Telling
from tests.chaos.outcome import first_difference, read_outcome
from tests.chaos.promises import REPEAT, PromiseBroken, check_promises
from tests.chaos.story import Story, city_documents
from tests.cities import a_small_city

Received = list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Ended:
    """A story that ended well."""

    engine: Engine
    city: City
    received: Received


@pytest.fixture(scope="module")
def once_told(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Received]:
    """The database and the messages of a story."""
    folder = tmp_path_factory.mktemp("story")
    file = folder / "city.db"
    shutil.copyfile(sqlite_template, file)
    with channel_server() as channel:
        telling = Telling(Story(1, reports=6, visits=2), f"sqlite:///{file}", folder / "home", channel, chunk=10)
        telling.tell({})
        telling.engine.dispose()
    return file, channel.received


@pytest.fixture
def ended(once_told: tuple[Path, Received], tmp_path: Path) -> Iterator[Ended]:
    told, received = once_told
    file = tmp_path / "city.db"
    shutil.copyfile(told, file)
    engine = open_database(f"sqlite:///{file}", migrate=False)
    yield Ended(engine, a_small_city(city_documents()), received)
    engine.dispose()


def lost(received: Received) -> Received:
    return received[1:]


def doubled(received: Received) -> Received:
    return [*received, received[0]]


def thrice(received: Received) -> Received:
    path, content = received[0]
    return [*received, *[(path, {**content, "title": REPEAT + content["title"]})] * 2]


@pytest.mark.parametrize(
    ("happened", "found"), [(lost, "only 0 arrived"), (doubled, "nothing of a repeat"), (thrice, "arrived 3 times")]
)
def test_a_message_lost_doubled_or_sent_thrice_is_found(
    ended: Ended, happened: Callable[[Received], Received], found: str
) -> None:
    assert check_promises(ended.engine, ended.city, ended.received)
    with pytest.raises(PromiseBroken, match=found):
        check_promises(ended.engine, ended.city, happened(ended.received))


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE cases SET events = events + 1 WHERE id = 1", "audit"),
        ("UPDATE clock SET due_at = datetime(due_at, '+1 hour') WHERE case_id = 1", "its events say"),
        ("UPDATE waiting_action SET state = 'waiting' WHERE id = 1", "is waiting"),
        ("UPDATE notice SET state = 'waiting' WHERE id = 1", "is waiting"),
        ("UPDATE attempt SET ok = NULL WHERE id = 1", "was told by"),
    ],
)
def test_what_is_stored_otherwise_than_it_happened_is_found(ended: Ended, statement: str, found: str) -> None:
    before = read_outcome(ended.engine)
    assert before["actions"], "the story must put actions"
    with transaction(ended.engine) as connection:
        connection.execute(text(statement))
    with pytest.raises(PromiseBroken, match=found):
        check_promises(ended.engine, ended.city, ended.received)


def test_the_first_difference_between_two_endings_is_named(ended: Ended) -> None:
    before = read_outcome(ended.engine)
    with transaction(ended.engine) as connection:
        connection.execute(INBOX.delete())
    difference = first_difference(before, read_outcome(ended.engine))
    assert difference is not None
    assert difference.startswith("actions (")
    assert difference.endswith("found nothing")
