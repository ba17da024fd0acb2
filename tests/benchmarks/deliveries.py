"""Messages handed over a second: to a channel that takes 200 ms, beside bare sends of the same; and a long queue."""

import json
import os
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from models.notice import Notice
from models.tables import table_of
from tasks.channels import send
from tasks.database import open_database, transaction
from tasks.notify import Delivery, deliver_and_wait
from tasks.rendering import Message
from tasks.settings import Settings
from tests.notice_rows import NOW, TASK_FACTS, TWO_CHANNELS, two_channel_city

URGENT, QUEUED = 500, 20_000
SLOW_SECONDS = 0.2
RULES = "channels: {json: {window: 0 minute, bundle: 1}}\n"


def run() -> Iterator[str]:
    """Lines: 500 urgent to a slow channel, bare sends of the same, 20,000 routine ones with the memory they take."""
    with _Channel(SLOW_SECONDS) as url:
        seconds, delivery = _deliver(URGENT, "urgent", url, RULES)
        bare = _bare(URGENT, url)
    yield f"{delivery.sent} urgent, each answered after 0.2 s   {seconds:8.1f} s   {seconds / bare:5.2f} of bare sends"
    with _Channel(0) as url:
        first, _ = _deliver(1_000, "routine", url, RULES)
        before = _memory_mb()
        seconds, delivery = _deliver(QUEUED, "routine", url, RULES)
        grown = _memory_mb() - before
    yield f"{delivery.sent:,} to a quick channel            {seconds:8.1f} s   {delivery.sent / seconds:5.0f} a second"
    yield f"  the first 1,000                         {first:8.1f} s   memory grew by {grown:.0f} MB after them"


def _deliver(count: int, priority: str, url: str, rules: str) -> tuple[float, Delivery]:
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(f"sqlite:///{Path(folder) / 'bench.db'}")
        _fill(engine, count, priority)
        settings = Settings(home=Path(folder))
        city = two_channel_city(rules, contacts=TWO_CHANNELS)
        began = time.perf_counter()
        delivery = deliver_and_wait(engine, city, settings, now=NOW, limit=count, environ={"FIRST": url, **os.environ})
        seconds = time.perf_counter() - began
        engine.dispose()
    return seconds, delivery


def _fill(engine: Any, count: int, priority: str) -> None:
    facts = json.dumps(TASK_FACTS, ensure_ascii=False)
    row = {"kind": "task", "recipient": "lihe-liaison", "priority": priority, "requires_ack": False, "facts": facts,
           "state": "waiting", "created_at": NOW}  # fmt: skip
    with transaction(engine) as connection:
        connection.execute(insert(table_of(Notice)), [row | {"dedupe_key": f"task:{n}"} for n in range(count)])


def _bare(count: int, url: str) -> float:
    """The same number of sends without a database, side by side as a lane sends them."""
    began = time.perf_counter()
    with ThreadPoolExecutor(24) as threads:
        list(threads.map(lambda _: send(url, Message("a", "b")), range(count)))
    return time.perf_counter() - began


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class _Channel:
    """A server that answers 200 after a while."""

    def __init__(self, seconds: float) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(seconds)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing on standard error."""

        ThreadingHTTPServer.request_queue_size = 128
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"json://127.0.0.1:{self._server.server_port}/ok"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
