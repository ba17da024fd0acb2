"""Group robots: a JSON text is posted, and the answer holds the robot's own code, also where HTTP says 200."""

import ipaddress
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tasks.channel_outcomes import Sent
from tasks.channel_plugins.bounded import BoundedChannel
from tasks.channel_plugins.deadline import Deadline
from tasks.channel_plugins.exchange import exchange
from tasks.channel_plugins.verdict import judge, number_code
from tasks.rendering import Message


class RobotChannel(BoundedChannel):
    """A group robot. `?endpoint=https://…` names another server: a private installation, or a gateway before it."""

    public_endpoint: ClassVar[str]
    wait_seconds: ClassVar[Mapping[str, float]]
    """Codes by which the robot asks to slow down, and for how long by its documents."""

    def __init__(self, endpoint: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.endpoint = checked_endpoint(endpoint) if endpoint else self.public_endpoint

    @classmethod
    def parse_url(cls, url: str) -> dict[str, Any] | None:
        """What Apprise reads from the URL, and the endpoint."""
        results: dict[str, Any] | None = super().parse_url(url)
        if results and "endpoint" in results["qsd"]:
            results["endpoint"] = results["qsd"]["endpoint"]
        return results

    def hand_over(self, message: Message, deadline: Deadline) -> Sent:
        """Post the message and read the robot's code."""
        content = encoded(self.payload(message.text))
        headers = {"Content-Type": "application/json; charset=utf-8"}
        answer = exchange(self.endpoint + self.target(), content, headers, deadline)
        said = answer.json()
        code = number_code(self.code_of(said)) if isinstance(said, dict) else None
        return judge(answer, code, code == "0", self.wait_seconds)

    def target(self) -> str:
        """Path and query behind the endpoint, token included."""
        raise NotImplementedError

    def payload(self, text: str) -> dict[str, Any]:
        """What is posted, with the text cut to what the robot takes."""
        raise NotImplementedError

    def code_of(self, answer: dict[str, Any]) -> object:
        """The robot's own code in its answer."""
        raise NotImplementedError


def encoded(payload: dict[str, Any]) -> bytes:
    r"""JSON as robots take it: WeCom counts \uXXXX as an error (40033), and all count bytes."""
    return json.dumps(payload, ensure_ascii=False).encode("utf-8")


def milliseconds_now() -> int:
    """The real time, as signatures need it."""
    return int(datetime.now(UTC).timestamp() * 1000)


def checked_endpoint(endpoint: str) -> str:
    """A server's address without a slash at the end.

    Example: "https://ding.example.gov.cn/gateway/" -> "https://ding.example.gov.cn/gateway".
    Raises: TypeError where it is none, or where a token would travel in clear beyond the machine and its network.
    """
    parts = urlsplit(endpoint)
    if parts.username or parts.query or parts.fragment or not parts.hostname:
        raise TypeError("endpoint must be http(s)://HOST[:PORT][/PATH]")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_near(parts.hostname)):
        raise TypeError("endpoint must be https://; http:// only to a loopback or private network address")
    return endpoint.rstrip("/")


def _is_near(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost"
