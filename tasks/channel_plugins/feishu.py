"""The Feishu and Lark group robots (飞书自定义机器人): `feishu://SECRET@TOKEN`, `lark://SECRET@TOKEN`."""

import base64
import hashlib
import hmac
import re
from typing import Any

from apprise.plugins.feishu import NotifyFeishu

from tasks.channel_plugins.cutting import cut, json_bytes
from tasks.channel_plugins.robot import RobotChannel, encoded, milliseconds_now

LONGEST_BYTES = 20_000
"""Of a whole request; the document says 20 KB."""

_MENTION = re.compile(r"<(?=/?at\b)", re.IGNORECASE)


class FeishuChannel(RobotChannel, NotifyFeishu):
    """A Feishu robot, signed where its address has a secret.

    Source: Feishu's guide to custom robots: 100 messages a minute and 5 a second, 11232 above that, bodies up to 20 KB,
    9499 for a body it cannot take; its page on rate limits: 99991400 with x-ogw-ratelimit-reset.
    """

    public_endpoint = "https://open.feishu.cn"
    wait_seconds = {"11232": 60.0, "99991400": 60.0}  # noqa: RUF012

    def target(self) -> str:
        """The robot's path, which ends in its token."""
        return f"/open-apis/bot/v2/hook/{self.token}"

    def payload(self, text: str) -> dict[str, Any]:
        """A text, signed; a tag in it that would call everybody in the group becomes plain characters."""
        room = LONGEST_BYTES - len(encoded(self._payload("")))
        return self._payload(cut(_MENTION.sub("＜", text), room, json_bytes))

    def code_of(self, answer: dict[str, Any]) -> object:
        """`code`; older robots say `StatusCode`."""
        return answer.get("code", answer.get("StatusCode"))

    def _payload(self, text: str) -> dict[str, Any]:
        payload: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
        if not self.user:
            return payload
        timestamp = str(milliseconds_now() // 1000)
        return {"timestamp": timestamp, "sign": signature(self.user, timestamp)} | payload


class LarkChannel(FeishuChannel):
    """The same robot outside China."""

    secure_protocol = "lark"
    public_endpoint = "https://open.larksuite.com"


def signature(secret: str, timestamp: str) -> str:
    """The signature of a moment in seconds.

    Source: Feishu's guide to custom robots: HMAC-SHA256 of nothing under "timestamp, line break, secret", Base64.
    """
    return base64.b64encode(hmac.digest(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256)).decode("ascii")
