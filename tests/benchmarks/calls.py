"""A call of 500 people: seconds until the first attempt to each is out, over real HTTP, also where a channel hangs."""

import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

from models.city import City
from models.flood_event import Recording
from models.notice import Attempt, Notice
from models.tables import table_of
from tasks.call_climbs import climb_calls
from tasks.call_sending import deliver_calls
from tasks.calls import Calling, Started, start_call
from tasks.database import open_database, reading, transaction
from tasks.settings import Settings
from tests.call_cities import CALLS_YAML
from tests.flood_cities import FLOOD_CITY
from tests.stored_cases import a_loaded_city

PEOPLE = 500
WANTED_SECONDS = 60.0
SLOW_SECONDS = 0.3

NOTICES, ATTEMPTS = table_of(Notice), table_of(Attempt)


def run() -> Iterator[str]:
    """Lines: one quick channel; a slow one beside a quick one; one that never answers beside a quick one."""
    yield f"{PEOPLE} people called at once; to reach: the first attempt to each within {WANTED_SECONDS:.0f} s"
    for name, channels in (
        ("one quick channel", ("quick",)),
        ("quick, and one that takes 0.3 s", ("quick", "slow")),
        ("quick, and one that never answers", ("quick", "silent")),
    ):
        yield _one(name, channels)


def _one(name: str, channels: tuple[str, ...]) -> str:
    with tempfile.TemporaryDirectory() as folder, _Phones() as phones:
        engine = open_database(f"sqlite:///{Path(folder) / 'bench.db'}")
        city = a_loaded_city(engine, dict(_documents(channels)))
        environ = {f"{channel.upper()}_PHONE": phones.url(channel) for channel in channels}
        os.environ.update(environ)
        began = time.monotonic()
        now = datetime.now(UTC)
        started = _start(engine, city, now)
        written = time.monotonic() - began
        sent = _deliver(engine, city, Settings(home=Path(folder)))
        all_out = time.monotonic() - began
        first, last = _attempts(engine, now)
        climbed = _climb(engine, city, now)
        engine.dispose()
    return (
        f"{name:34} {started.called} places, written in {written:4.1f} s; first attempt after {first:4.1f} s, the last "
        f"person's after {last:5.1f} s; first heard {phones.first - began:4.1f} s; {sent} sent, "
        f"all done {all_out:5.1f} s; climbing {climbed:4.1f} s"
    )


def _start(engine: Engine, city: City, now: datetime) -> Started:
    calling = Calling("410184101", "压力测试", drill=True)
    with transaction(engine) as connection:
        recording = Recording(now, "command", city.edition)
        found = start_call(connection, city, calling, by="flood-officer-1", key="bench", recording=recording)
    if not isinstance(found, Started):
        raise AssertionError(f"the call was refused: {found}")
    return found


def _deliver(engine: Engine, city: City, settings: Settings) -> int:
    return asyncio.run(deliver_calls(engine, city, settings, datetime.now(UTC))).sent


def _climb(engine: Engine, city: City, now: datetime) -> float:
    """The seconds it takes to let the silence of all of them climb."""
    later = now + timedelta(minutes=5)
    began = time.monotonic()
    with transaction(engine) as connection:
        climb_calls(connection, city, later, Recording(later, "flow", city.edition))
    return time.monotonic() - began


def _attempts(engine: Engine, now: datetime) -> tuple[float, float]:
    """Seconds from the start to the first attempt of all, and to that of the person who was tried last."""
    with reading(engine) as connection:
        of_each = (
            select(func.min(ATTEMPTS.c.started_at).label("first"))
            .join_from(ATTEMPTS, NOTICES, NOTICES.c.id == ATTEMPTS.c.notice_id)
            .where(NOTICES.c.kind == "call")
            .group_by(ATTEMPTS.c.notice_id)
        )
        firsts = [row.first for row in connection.execute(of_each)]
    if len(firsts) != PEOPLE:
        raise AssertionError(f"{len(firsts)} of {PEOPLE} people were tried")
    return (min(firsts) - now).total_seconds(), (max(firsts) - now).total_seconds()


def _documents(channels: tuple[str, ...]) -> Mapping[str, str]:
    """The flood city with 500 villages' people, each of them reached on these channels."""
    posts = [f"warden-{n}" for n in range(PEOPLE)]
    contacts = "".join(
        f"{post},{order},json,env:{channel.upper()}_PHONE\n"
        if channel == "quick"
        else f"{post},{order},{'email' if channel == 'slow' else 'sms'},env:{channel.upper()}_PHONE\n"
        for post in posts
        for order, channel in enumerate(channels, 1)
    )
    chains = "".join(f"410184101,trio,1,village,{post}\n" for post in posts)
    return {
        **FLOOD_CITY,
        "posts.csv": FLOOD_CITY["posts.csv"]
        + "".join(f"{post},村级责任人{post},lihe,responsible_person,,,,\n" for post in posts),
        "contact_points.csv": FLOOD_CITY["contact_points.csv"] + contacts,
        "calls.yaml": CALLS_YAML,
        "call_chains.csv": "subject,chain,step,duty,post\n" + chains,
    }


class _Phones:
    """A server in the place of people's phones: /quick answers at once, /slow after a while, /silent never."""

    def __init__(self) -> None:
        self.first = float("inf")
        gone = threading.Event()
        phones = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                phones.first = min(phones.first, time.monotonic())
                self.rfile.read(int(self.headers["Content-Length"]))
                if "silent" in self.path:
                    gone.wait(30)
                    return
                time.sleep(SLOW_SECONDS if "slow" in self.path else 0)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing on standard error."""

        ThreadingHTTPServer.request_queue_size = 128
        self._gone, self._server = gone, ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    def url(self, path: str) -> str:
        """The Apprise URL of a path."""
        return f"json://127.0.0.1:{self._server.server_port}/{path}"

    def __enter__(self) -> "_Phones":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._gone.set()
        self._server.shutdown()
        self._server.server_close()
