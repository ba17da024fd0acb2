"""How often an address sends reports or tries receipts: counted for a day by a keyed digest, never by the address."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select

from models.citizens import PublicTry
from models.tables import table_of
from tasks.alone import work_alone
from tasks.client_network import network_of
from tasks.personal_data import fingerprint
from tasks.public_settings import PublicSettings

TRIES = table_of(PublicTry)

AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)


class What(StrEnum):
    """What is counted."""

    REPORT = "report"
    FIND = "find"


def is_too_often(
    connection: Connection, key: bytes, what: What, client: str, now: datetime, rules: PublicSettings
) -> bool:
    """Whether this address, or all together, have had their share."""
    most = {What.REPORT: rules.reports_per_client, What.FIND: rules.finds_per_client}[what]
    of_client = select(func.count()).where(
        TRIES.c.client == _digest(key, client), TRIES.c.what == what.value, TRIES.c.at > now - AN_HOUR
    )
    if (connection.scalar(of_client) or 0) >= most:
        return True
    if what is not What.REPORT:
        return False
    of_all = select(func.count()).where(TRIES.c.what == what.value, TRIES.c.at > now - A_DAY)
    return (connection.scalar(of_all) or 0) >= rules.reports_per_day


def count_try(
    connection: Connection, key: bytes, what: What, client: str, now: datetime, rules: PublicSettings
) -> bool:
    """Counts one try, if there is one left; the caller commits before it does what was tried."""
    work_alone(connection)
    connection.execute(delete(TRIES).where(TRIES.c.at <= now - A_DAY))
    if is_too_often(connection, key, what, client, now, rules):
        return False
    connection.execute(insert(TRIES).values(at=now, what=what.value, client=_digest(key, client)))
    return True


def _digest(key: bytes, client: str) -> str:
    return fingerprint(key, "public client", network_of(client))
