"""The city of the demo, whose people are reached by real channels with secrets in their addresses.

Units' liaisons have a robot that refuses each message and says the secrets back, so that their second contact point,
the demo inbox, gets it. Inspectors are told by e-mail with a password, reporters by a signed gateway.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deployments.named_city import CITIES
from tests.channel_addresses import CHANNELS, PHONE, SECRET, TOKEN, as_json
from tests.channel_server import ChannelServer, Reply, channel_server
from tests.mail_server import PASSWORD, USER, MailServer, mail_server

ROBOT, MAIL, GATEWAY = "SECRET_ROBOT", "SECRET_MAIL", "SECRET_GATEWAY"
"""The variables that hold the addresses."""

MAIL_PASSWORD = PASSWORD.decode()
SECRETS = (TOKEN, SECRET, PHONE, MAIL_PASSWORD)

ECHO = {"errcode": 310000, "errmsg": f"{TOKEN} {SECRET} {PHONE}"}

MESSAGES = "quiet_hours: never\nchannels: {dingtalk: {per_minute: 1000}}\n"
"""The test may run at night, and nobody waits for a robot."""

POINTS = (("-liaison", "dingtalk", ROBOT), ("inspector", "email", MAIL))
"""What a post's code holds, the channel it is reached by first, and the variable of its address."""


@dataclass(frozen=True)
class SecretCity:
    """The folder of the city, the environment it needs, and what came through its channels."""

    folder: Path
    environment: dict[str, str]
    server: ChannelServer
    mail: MailServer

    def used(self) -> bool:
        """Whether each channel has been told something by its secrets."""
        paths = {path.split("/")[1] for path, _ in self.server.received}
        return {"robot", "gateway"} <= paths and bool(self.mail.letters)


@contextmanager
def secret_city(folder: Path) -> Iterator[SecretCity]:
    """The city with its channels for one block."""
    with channel_server() as server, mail_server(asks_for_login=True) as mail:
        server.replies |= {"robot": Reply(as_json(ECHO)), "gateway": Reply(as_json(CHANNELS["gateway"].ok))}
        environment = {
            "ZHIHUI_CITY": str(folder),
            "ZHIHUI_REPORTER_CHANNEL": f"env:{GATEWAY}",
            ROBOT: CHANNELS["dingtalk"].address(server.host, "robot"),
            MAIL: f"mailto://{USER.decode()}:{MAIL_PASSWORD}@{mail.host}/inspector@example.cn?from=zhihui@example.cn",
            GATEWAY: CHANNELS["gateway"].address(server.host, "gateway").replace(PHONE, "{phone}"),
        }
        _write(folder)
        yield SecretCity(folder, environment, server, mail)


def _write(folder: Path) -> None:
    shutil.copytree(CITIES / "xinzheng", folder)
    (folder / "messages.yaml").write_text(MESSAGES, "utf-8")
    points = folder / "contact_points.csv"
    header, *rows = points.read_text("utf-8-sig").splitlines()
    lines = [line for row in rows for line in _points(row.split(",")[0])]
    points.write_text("\n".join([header, *lines, ""]), "utf-8")


def _points(post: str) -> list[str]:
    first = [f"{channel},env:{variable}" for words, channel, variable in POINTS if words in post]
    return [f"{post},{order},{address}" for order, address in enumerate([*first, "demo,demo"], start=1)]
