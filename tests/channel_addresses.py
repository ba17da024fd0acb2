"""The address of each of our channels at the local server, full of things that must never be seen."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.channel_server import ChannelServer

PHONE = "13800138000"
TOKEN, SECRET = "s3crettoken", "SECs3cretkey"


@dataclass(frozen=True)
class Channel:
    """One channel: its address at a path of the server, and what it answers."""

    address: Callable[[str, str], str]
    """From host and first part of the path."""
    ok: dict[str, Any]
    no: dict[str, Any]
    no_code: str
    slow: dict[str, Any]
    slow_sent: tuple[str, float]

    def at(self, server: ChannelServer, first: str, seconds: float = 5) -> str:
        """The address of a path, given up after so many seconds."""
        url = self.address(server.host, first)
        return f"{url}{'&' if '?' in url else '?'}rto={seconds}"


CHANNELS = {
    "dingtalk": Channel(
        lambda host, first: f"dingtalk://{SECRET}@{TOKEN}/{PHONE}?endpoint=http://{host}/{first}",
        {"errcode": 0, "errmsg": "ok"},
        {"errcode": 310000, "errmsg": "sign not match"},
        "310000",
        {"status": 1111, "wait": 5, "errcode": 130101, "errmsg": "send too fast"},
        ("130101", 600.0),
    ),
    "wecombot": Channel(
        lambda host, first: f"wecombot://{TOKEN}/{PHONE}?endpoint=http://{host}/{first}",
        {"errcode": 0, "errmsg": "ok"},
        {"errcode": 93000, "errmsg": "invalid webhook url"},
        "93000",
        {"errcode": 45009, "errmsg": "api freq out of limit"},
        ("45009", 60.0),
    ),
    "feishu": Channel(
        lambda host, first: f"feishu://{SECRET}@{TOKEN}?endpoint=http://{host}/{first}",
        {"code": 0, "msg": "success", "data": {}},
        {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"},
        "19021",
        {"code": 11232, "msg": "frequency limited"},
        ("11232", 60.0),
    ),
    "lark": Channel(
        lambda host, first: f"lark://{SECRET}@{TOKEN}?endpoint=http://{host}/{first}",
        {"StatusCode": 0, "StatusMessage": "success"},
        {"code": 9499, "msg": "Bad Request"},
        "9499",
        {"code": 99991400, "msg": "request trigger frequency limit"},
        ("99991400", 60.0),
    ),
    "gateway": Channel(
        lambda host, first: f"gateway://{TOKEN}:{SECRET}@{host}/{first}/send?to={PHONE}",
        {"code": 0},
        {"code": "isv.NO_BALANCE"},
        "isv.NO_BALANCE",
        {"code": 429},
        ("429", 60.0),
    ),
}


def as_json(value: object) -> bytes:
    """What a channel answers."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8")
