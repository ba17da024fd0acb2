"""Short messages and calls by a gateway over HTTP: `gateways://KEY:SECRET@HOST/PATH?to=PHONE&shape=NAME`."""

import base64
import hashlib
import hmac
import json
import logging
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from apprise.plugins.base import NotifyBase

from tasks.channel_outcomes import BAD_ADDRESS, BAD_SHAPE, CannotReach, Sent
from tasks.channel_plugins.bounded import PHONE, BoundedChannel
from tasks.channel_plugins.cutting import cut, link_of, sms_units
from tasks.channel_plugins.deadline import Deadline
from tasks.channel_plugins.exchange import Answer, exchange
from tasks.channel_plugins.gateway_shapes import (
    BODY_PLACES,
    HEADER_PLACES,
    SIGNED_PLACES,
    Shape,
    ShapeUnreadable,
    Signing,
    filled,
    filled_text,
    found_at,
    read_shape,
)
from tasks.channel_plugins.robot import milliseconds_now
from tasks.channel_plugins.verdict import judge
from tasks.rendering import Message

_CHINESE_MOBILE = re.compile(r"1[0-9]{10}")
_CODE = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")

logger = logging.getLogger(__name__)


class GatewayChannel(BoundedChannel):
    """A gateway of whatever shape; `:name=value` in the address gives a shape's own values (signature, template)."""

    service_name = "SMS and voice gateway"
    protocol = "gateway"
    secure_protocol = "gateways"

    def __init__(self, to: str = "", shape: str = "plain", values: Mapping[str, str] | None = None, **options: Any):
        super().__init__(**options)
        if not PHONE.fullmatch(to):
            raise TypeError("to= must be one telephone number")
        self._phone, self._shape, self._values = to, shape, dict(values or {})

    @classmethod
    def parse_url(cls, url: str) -> dict[str, Any] | None:
        """The parts of the address."""
        results: dict[str, Any] | None = NotifyBase.parse_url(url)
        if results:
            query = results["qsd"]
            results |= {name: query[name] for name in ("to", "shape") if query.get(name)}
            results["values"] = results["qsd:"]
        return results

    def hand_over(self, message: Message, deadline: Deadline) -> Sent:
        """Post one message in the gateway's shape and read its answer by the shape's rule."""
        try:
            shape = read_shape(self._shape)
            content, headers = self._request(shape, message)
        except ShapeUnreadable as unreadable:
            logger.warning(
                "Gateway shape %s: %s", self._shape, unreadable, extra={"action": "gateway_shape_unreadable"}
            )
            raise CannotReach(BAD_SHAPE) from unreadable
        return self._judged(shape, exchange(self._address(), content, headers, deadline))

    def _request(self, shape: Shape, message: Message) -> tuple[bytes, dict[str, str]]:
        values = self._said(shape, message) | _moment() | {"key_id": self.user or "", "nonce": secrets.token_hex(16)}
        content = _body(shape, self._allowed(values, BODY_PLACES))
        if shape.sign is not None:
            values["signature"] = self._signature(shape.sign, values, content)
        allowed = self._allowed(values, HEADER_PLACES)
        headers = {name: filled_text(value, allowed, _shortened) for name, value in shape.headers.items()}
        if not all(map(_HEADER_VALUE.fullmatch, headers.values())):
            raise ShapeUnreadable("a header may hold printable ASCII only")
        kind = "application/json" if shape.body == "json" else "application/x-www-form-urlencoded"
        return content, {"Content-Type": f"{kind}; charset=utf-8", **headers}

    def _allowed(self, values: Mapping[str, str], places: frozenset[str]) -> dict[str, str]:
        return self._values | {name: value for name, value in values.items() if name in places}

    def _said(self, shape: Shape, message: Message) -> dict[str, str]:
        phone = self._phone
        return {
            "phone": phone,
            "phone_e164": f"+86{phone}" if _CHINESE_MOBILE.fullmatch(phone) else phone,
            "title": message.title,
            "text": _shortened(message.text, shape.longest),
            "link": link_of(message.body),
        }

    def _signature(self, signing: Signing, values: Mapping[str, str], content: bytes) -> str:
        if not self.password:
            raise CannotReach(BAD_ADDRESS)
        known = {**values, "method": "POST", "path": self._path(), "body": content.decode("utf-8")}
        text = filled_text(signing.text, self._allowed(known, SIGNED_PLACES), _shortened)
        signed = hmac.digest(self.password.encode(), text.encode(), hashlib.sha256)
        return signed.hex() if signing.encoding == "hex" else base64.b64encode(signed).decode("ascii")

    def _judged(self, shape: Shape, answer: Answer) -> Sent:
        found = found_at(shape.success.field, answer.json())
        accepted = found is not None and str(found) == str(shape.success.equals)
        return judge(answer, self._code(found), accepted, shape.too_fast)

    def _code(self, found: object) -> str | None:
        """The code as an outcome may show it: empty where it is no code, or where it holds the number or a secret."""
        if found is None or isinstance(found, dict | list):
            return None
        code = str(found)
        hidden = (self._phone.lstrip("+"), self.user, self.password)
        return code if _CODE.fullmatch(code) and not any(secret and secret in code for secret in hidden) else ""

    def _address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        return f"{'https' if self.secure else 'http'}://{host}{port}{self._path()}"

    def _path(self) -> str:
        return quote(self.fullpath, safe="/~")


def _body(shape: Shape, values: Mapping[str, str]) -> bytes:
    """The body; in a form, a field that is a list or a table is written as JSON."""
    fields = filled(shape.fields, values, _shortened)
    if shape.body == "json" or not isinstance(fields, dict):
        return json.dumps(fields, ensure_ascii=False).encode("utf-8")
    flat = {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in fields.items()
    }
    return urlencode(flat).encode("ascii")


def _moment() -> dict[str, str]:
    now = milliseconds_now()
    return {"timestamp": str(now // 1000), "timestamp_ms": str(now)}


def _shortened(text: str, longest: int) -> str:
    return cut(text, longest, sms_units)
