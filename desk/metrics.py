"""`/metrics` for Prometheus: every number is read from the database at the moment it is asked for."""

import hmac
import ipaddress
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from desk.context import Desk, city_or_none
from models.case import WaitingAction
from models.city import City
from models.tables import table_of
from tasks.city_figures import count_refused_rows, count_unreached, read_open, read_outbox
from tasks.database import reading
from tasks.sweeps import last_sweeps
from tasks.tallies import LATENCY_SECONDS, ActionsByLatency, AttemptsByOutcome, Tally

ACTIONS = table_of(WaitingAction)

PLAIN = "text/plain; version=0.0.4; charset=utf-8"

UNAUTHORIZED, FORBIDDEN, AWAY = 401, 403, 503

FORWARDED = ("forwarded", "x-forwarded-for")

_LINE = {"text/plain": {"schema": {"type": "string"}}}

NO_METRICS: dict[int | str, dict[str, Any]] = {
    UNAUTHORIZED: {"description": "A bearer token is set, and this is not it.", "content": _LINE},
    FORBIDDEN: {"description": "No token is set: only programs on the desk's own machine may read.", "content": _LINE},
    AWAY: {"description": "The database cannot be read.", "content": _LINE},
}

DAY = timedelta(days=1)


def metrics_routes(desk: Desk) -> APIRouter:
    """`/metrics`."""
    routes = APIRouter()
    figures = CityMetrics()

    @routes.get("/metrics", response_class=PlainTextResponse, responses=NO_METRICS)
    def metrics(request: Request) -> Response:
        """The figures in Prometheus's text format, for whoever may read them."""
        refused = _refused(desk, request)
        if refused is not None:
            return refused
        try:
            with reading(desk.engine) as connection:
                content = figures.read(connection, city_or_none(connection), desk.clock())
        except SQLAlchemyError:
            return PlainTextResponse("the database cannot be read\n", AWAY)
        return Response(generate_latest(_registry(content)), media_type=PLAIN)

    return routes


def _refused(desk: Desk, request: Request) -> Response | None:
    """Why this reader gets nothing; with a token nobody without it does, without one nobody from elsewhere."""
    token = desk.monitoring.metrics_token
    if token is not None:
        given, wanted = request.headers.get("authorization", ""), f"Bearer {token.get_secret_value()}"
        if hmac.compare_digest(given.encode(), wanted.encode()):
            return None
        return PlainTextResponse("a bearer token is needed\n", UNAUTHORIZED, {"WWW-Authenticate": "Bearer"})
    if _is_here(request):
        return None
    return PlainTextResponse("set ZHIHUI_METRICS_TOKEN to read metrics from another machine\n", FORBIDDEN)


def _is_here(request: Request) -> bool:
    """Whether the reader is a program on this very machine, and no proxy on it that passes somebody else on."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


class CityMetrics:
    """Reads all figures; keeps only what was counted of rows that do not change any more."""

    def __init__(self) -> None:
        self._attempts, self._latency = Tally(AttemptsByOutcome()), Tally(ActionsByLatency())

    def read(self, connection: Connection, city: City | None, now: datetime) -> list[Metric]:
        """Everything there is to tell."""
        return [
            *_cases(connection, city, now),
            *_messages(connection, now),
            *_work(connection, now),
            self._attempts_made(connection, now),
            self._action_latency(connection, now),
        ]

    def _attempts_made(self, connection: Connection, now: datetime) -> Metric:
        found = CounterMetricFamily(
            "zhihui_attempts", "Tries to hand a message to a channel that ended", labels=["channel", "outcome"]
        )
        by_code: dict[tuple[str, str], int] = {}
        for (channel, outcome), tallied in self._attempts.read(connection, now).items():
            # An outcome is a code and a detail: only the codes are a closed set.
            key = (channel, outcome.partition(" ")[0] or "unknown")
            by_code[key] = by_code.get(key, 0) + tallied.rows
        for (channel, code), rows in sorted(by_code.items()):
            found.add_metric([channel, code], rows)
        return found

    def _action_latency(self, connection: Connection, now: datetime) -> Metric:
        tallied = {key[0]: one for key, one in self._latency.read(connection, now).items()}
        total, buckets = 0, []
        for number, bound in enumerate((*map(str, LATENCY_SECONDS), "+Inf")):
            total += tallied[number].rows if number in tallied else 0
            buckets.append((bound, total))
        return HistogramMetricFamily(
            "zhihui_action_latency_seconds",
            "Seconds from the moment a person acted until a visit took or refused the action",
            buckets=buckets,
            sum_value=sum(one.amount for one in tallied.values()),
        )


def _cases(connection: Connection, city: City | None, now: datetime) -> Iterator[Metric]:
    figures = read_open(connection, now)
    by_state = {state.value: count for state, count in figures.by_state.items()}
    yield _gauges("zhihui_open_cases", "Cases that are not ended, by state", "state", by_state)
    yield GaugeMetricFamily("zhihui_overdue_cases", "Cases past their unit's deadline", figures.overdue)
    by_unit: dict[str, int] = {}
    for unit, count in figures.overdue_by_unit.items():
        # Units of the directory only: what an older edition knew must not become a label of its own for ever.
        label = unit if city and unit in city.units else "other"
        by_unit[label] = by_unit.get(label, 0) + count
    yield _gauges("zhihui_unit_overdue_cases", "Cases past their unit's deadline, by unit code", "unit", by_unit)


def _messages(connection: Connection, now: datetime) -> Iterator[Metric]:
    outbox = read_outbox(connection, now)
    waiting = {priority.value: count for priority, count in outbox.waiting.items()}
    yield _gauges("zhihui_outbox_notices", "Messages waiting to be sent, by priority", "priority", waiting)
    yield _age("zhihui_outbox_oldest_seconds", "Age of the oldest waiting message", outbox.oldest_waiting, now)
    yield _age(
        "zhihui_outbox_overdue_seconds",
        "How long the message that may go out has waited longest, quiet hours and bundling left out",
        outbox.oldest_due,
        now,
    )
    yield GaugeMetricFamily("zhihui_held_notices", "Messages held by the brake for the administrator", outbox.held)
    yield GaugeMetricFamily(
        "zhihui_unreached_notices",
        "Messages given up in the last 24 hours: every channel failed, or they were of no use any more",
        count_unreached(connection, now - DAY),
    )


def _work(connection: Connection, now: datetime) -> Iterator[Metric]:
    waiting = select(func.count(), func.min(ACTIONS.c.received_at)).where(ACTIONS.c.state == "waiting")
    count, oldest = connection.execute(waiting).one()
    yield GaugeMetricFamily("zhihui_waiting_actions", "Actions of people that no visit has taken yet", count)
    yield _age("zhihui_waiting_action_oldest_seconds", "Age of the oldest of them", oldest, now)
    ages = {process.value: _seconds(at, now) for process, at in last_sweeps(connection).items()}
    yield _gauges("zhihui_sweep_age_seconds", "Time since a process last looked at all that was due", "process", ages)
    refused = count_refused_rows(connection)
    yield GaugeMetricFamily("zhihui_refused_rows", "Reports that could not be taken in and wait for a person", refused)


def _gauges(name: str, words: str, label: str, values: dict[str, int] | dict[str, float]) -> Metric:
    found = GaugeMetricFamily(name, words, labels=[label])
    for key, value in values.items():
        found.add_metric([key], value)
    return found


def _age(name: str, words: str, since: datetime | None, now: datetime) -> Metric:
    return GaugeMetricFamily(name, f"{words}; 0 where there is none", _seconds(since, now) if since else 0.0)


def _seconds(since: datetime, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds())


class _Given(Collector):
    """Families that are there already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """All of them."""
        return self._families


def _registry(families: Iterable[Metric]) -> CollectorRegistry:
    """A registry for one answer: nothing of another process or of the program itself stands in it."""
    registry = CollectorRegistry()
    registry.register(_Given(families))
    return registry
