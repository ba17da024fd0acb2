"""A storm over a whole running city: readings come in while worker and server are killed and the database is away."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import httpx
from sqlalchemy import func, select

from models.open311_key import KeyPurpose
from tasks.database import reading, transaction
from tasks.open311_keys import issue_key
from tasks.wake import CALL_VISIT, Waker
from tests.chaos.city_under_fire import COMMANDS, HANDED_OVER_WITHIN_SECONDS, SETTLED_WITHIN_SECONDS
from tests.chaos.kills import Tally
from tests.chaos.promises import PromiseBroken
from tests.chaos.running_city import RunningCity
from tests.chaos.storm import Storm
from tests.chaos.storm_promises import CALLS, HANDED_OVER, NOTICES, WARNINGS, check_storm
from tests.stored_cases import rows_of

HYDROLOGY = "hydrology/hydrology"

LEVELS = (104.0, 105.5, 108.5)
"""Up over both thresholds of a gauge: two warnings, of which the second calls people."""

KILLED_WITHIN_SECONDS = 3.0
DELIVERED = (*HANDED_OVER, "cancelled")

GAUGES = 10


def city_documents() -> dict[str, str]:
    """The storm's city; a running one is never quiet anyway."""
    documents = Storm(1, GAUGES).documents()
    return documents | {"messages.yaml": documents["messages.yaml"].replace("quiet_hours: never\n", "")}


class StormOrdeal:
    """Two gauges rise with every blow: readings of one are posted, of the other they lie in the folder."""

    def __init__(self, city: RunningCity, seed: int) -> None:
        self._city, self._dice = city, Random(f"storm:{seed}")
        self._wakers = [Waker(city.settings, deployment=name) for name in (HYDROLOGY, CALL_VISIT)]
        with transaction(city.engine) as connection:
            key = issue_key(connection, "telemetry", "admin", datetime.now(UTC), KeyPurpose.WATER)
        self._headers = {"Authorization": f"Bearer {key}"}
        self._risen: list[str] = []
        self._began = datetime.now(UTC).replace(microsecond=0)
        self.tally = Tally()

    def kill_parts(self, parts: Sequence[str]) -> Iterator[str]:
        """Readings come, processes begin to work, and one of the city's parts is killed."""
        for part in parts:
            self._rise()
            after = self._dice.random() * KILLED_WITHIN_SECONDS
            time.sleep(after)
            victims = self._city.parts(COMMANDS[part])
            self.tally.note(f"storm, {part}", bool(victims))
            for victim in victims[:1]:
                victim.kill()
                victim.wait(10)
            yield f"{part} killed {after:.1f} s after two gauges had risen"

    def database_away(self, seconds: float, take_away: Callable[[], None], bring_back: Callable[[], None]) -> list[str]:
        """Readings are sent while the database is away; the sender sends until it is answered."""
        take_away()
        try:
            answer = self._post(f"gauge-{len(self._risen):02}", seconds)
            time.sleep(seconds)
        finally:
            bring_back()
        self._rise()
        return [f"database away for {seconds:.0f} s: a sender was answered {answer}, and sent again"]

    def finish(self) -> list[str]:
        """Afterwards every crossing has one warning, every one that calls its call, and all was handed over."""
        self._city.wait("warnings and calls", self._all_there, SETTLED_WITHIN_SECONDS)
        self._city.wait("messages handed over", self._all_told, HANDED_OVER_WITHIN_SECONDS)
        found = Counter(row.subject for row in rows_of(self._city.engine, select(WARNINGS.c.subject)))
        twice = [subject for subject, count in found.items() if count > 1]
        if twice or len(found) != 2 * len(self._risen):
            raise PromiseBroken(f"{2 * len(self._risen)} crossings, {len(found)} with warnings, twice: {twice}")
        return check_storm(self._city.engine, self._city.channel.received)

    def close(self) -> None:
        """Let go of the connections to the server."""
        for waker in self._wakers:
            waker.close()

    def _rise(self) -> None:
        posted, filed = (f"gauge-{len(self._risen) + n:02}" for n in range(2))
        self._risen += [posted, filed]
        self._file(filed)
        give_up_at = time.monotonic() + SETTLED_WITHIN_SECONDS
        while self._post(posted, 60.0) != 200:
            if time.monotonic() > give_up_at:
                raise PromiseBroken(f"readings of {posted} were never taken")
            time.sleep(1)
        self._wake()

    def _wake(self) -> None:
        for waker in self._wakers:
            waker.wake(datetime.now(UTC))

    def _rows(self, gauge: str) -> list[dict[str, object]]:
        moments = [self._began - timedelta(minutes=10 * (len(LEVELS) - number)) for number in range(len(LEVELS))]
        return [
            {"station": gauge, "element": "level", "at": moment.isoformat(), "value": level}
            for moment, level in zip(moments, LEVELS, strict=True)
        ]

    def _post(self, gauge: str, seconds: float) -> int | None:
        """The status of the answer; None where there was none."""
        url = f"http://127.0.0.1:{self._city.settings.desk_port}/water/observations"
        content = {"observations": self._rows(gauge)}
        try:
            return httpx.post(url, json=content, headers=self._headers, trust_env=False, timeout=seconds).status_code
        except httpx.TransportError:
            return None

    def _file(self, gauge: str) -> None:
        folder = self._city.settings.readings_folder
        folder.mkdir(parents=True, exist_ok=True)
        lines = ["station,element,at,value", *(",".join(map(str, row.values())) for row in self._rows(gauge))]
        part = folder / f".{gauge}.part"
        part.write_text("\n".join(lines) + "\n", "utf-8")
        part.rename(folder / f"{gauge}.csv")

    def _all_there(self) -> bool:
        self._wake()
        time.sleep(2)
        with reading(self._city.engine) as connection:
            warnings = connection.scalar(select(func.count()).select_from(WARNINGS)) or 0
            calls = connection.scalar(select(func.count()).select_from(CALLS)) or 0
        return warnings >= 2 * len(self._risen) and calls >= len(self._risen)

    def _all_told(self) -> bool:
        return not rows_of(self._city.engine, select(NOTICES.c.id).where(NOTICES.c.state.not_in(DELIVERED)))
