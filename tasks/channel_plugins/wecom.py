"""The WeCom group robot (企业微信群机器人): `wecombot://KEY/PHONE`."""

from typing import Any
from urllib.parse import urlencode

from apprise.plugins.wecombot import NotifyWeComBot

from tasks.channel_plugins.bounded import PHONE
from tasks.channel_plugins.cutting import cut, utf8_bytes
from tasks.channel_plugins.robot import RobotChannel

LONGEST_BYTES = 2048
"""Of the text itself."""


class WeComChannel(RobotChannel, NotifyWeComBot):
    """A WeCom robot; the phone numbers of its address are mentioned.

    Source: WeCom's page on group robots: text up to 2048 bytes, 20 messages a minute; its pages on error codes and
    limits: 45009 for too many calls, shut out for 60 s where a minute's limit was passed.
    """

    public_endpoint = "https://qyapi.weixin.qq.com"
    wait_seconds = {"45009": 60.0, "45033": 60.0}  # noqa: RUF012

    def __init__(self, targets: list[str] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.targets = targets or []
        if not all(map(PHONE.fullmatch, self.targets)):
            raise TypeError("behind the key stand telephone numbers only")

    @classmethod
    def parse_url(cls, url: str) -> dict[str, Any] | None:
        """What Apprise reads from the URL, and the telephone numbers of its path."""
        results = super().parse_url(url)
        if results:
            results["targets"] = cls.split_path(results["fullpath"])
        return results

    def target(self) -> str:
        """The robot's path with its key."""
        return f"/cgi-bin/webhook/send?{urlencode({'key': self.key})}"

    def payload(self, text: str) -> dict[str, Any]:
        """A text with its mentions."""
        content: dict[str, Any] = {"content": cut(text, LONGEST_BYTES, utf8_bytes)}
        if self.targets:
            content["mentioned_mobile_list"] = self.targets
        return {"msgtype": "text", "text": content}

    def code_of(self, answer: dict[str, Any]) -> object:
        """`errcode`."""
        return answer.get("errcode")
