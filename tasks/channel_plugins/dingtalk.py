"""The DingTalk group robot (钉钉自定义机器人): `dingtalk://SECRET@TOKEN/PHONE`."""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

from apprise.plugins.dingtalk import NotifyDingTalk

from tasks.channel_plugins.cutting import cut, json_bytes
from tasks.channel_plugins.robot import RobotChannel, encoded, milliseconds_now

LONGEST_BYTES = 20_000
"""Of a whole request."""

THROTTLED = 1111


class DingTalkChannel(RobotChannel, NotifyDingTalk):
    """A DingTalk robot, signed where its address has a secret; the phone numbers of the address are mentioned.

    Source: DingTalk's page on custom robots: 20 messages a minute, above that no more for ten minutes (130101); its
    page on limits: {"status": 1111} instead of a code, five minutes. 410100 and 660026 by hearsay only.
    """

    public_endpoint = "https://oapi.dingtalk.com"
    wait_seconds = {"130101": 600.0, "410100": 600.0, "660026": 600.0, str(THROTTLED): 300.0}  # noqa: RUF012

    def target(self) -> str:
        """The robot's path with its token, signed."""
        query = {"access_token": self.token}
        if self.secret:
            timestamp = str(milliseconds_now())
            query |= {"timestamp": timestamp, "sign": signature(self.secret, timestamp)}
        return f"/robot/send?{urlencode(query)}"

    def payload(self, text: str) -> dict[str, Any]:
        """A text with its mentions; numbers stay out of the text that the group reads."""
        empty = self._payload("")
        return self._payload(cut(text, LONGEST_BYTES - len(encoded(empty)), json_bytes))

    def code_of(self, answer: dict[str, Any]) -> object:
        """`errcode`; a throttled sender gets another answer without one."""
        return answer.get("errcode", THROTTLED if answer.get("status") == THROTTLED else None)

    def _payload(self, text: str) -> dict[str, Any]:
        mentions = {"atMobiles": self.targets, "isAtAll": False}
        return {"msgtype": "text", "text": {"content": text}, "at": mentions}


def signature(secret: str, timestamp: str) -> str:
    """The signature of a moment in milliseconds.

    Source: DingTalk's page on robot security: HMAC-SHA256 of "timestamp, line break, secret" under the secret, Base64.
    """
    signed = hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(signed).decode("ascii")
