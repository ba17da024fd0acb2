"""Apprise's `json://` and `jsons://`, ended in time: the desk's demo inbox, and systems of the city's own."""

import json
from typing import Any
from urllib.parse import quote, urlencode

from apprise.plugins.custom_json import JSONPayloadField, NotifyJSON

from tasks.channel_outcomes import Sent
from tasks.channel_plugins.bounded import BoundedChannel
from tasks.channel_plugins.deadline import Deadline
from tasks.channel_plugins.exchange import basic, exchange
from tasks.channel_plugins.verdict import judge_status
from tasks.rendering import Message


class JsonChannel(BoundedChannel, NotifyJSON):
    """Posts what Apprise posts; any 2xx is good, whatever the body says."""

    def hand_over(self, message: Message, deadline: Deadline) -> Sent:
        """Post the message."""
        headers = {"Content-Type": "application/json", **self.headers}
        if self.user:
            headers["Authorization"] = basic(f"{self.user}:{self.password or ''}")
        content = json.dumps(self._payload(message)).encode("ascii")
        return judge_status(exchange(self._address(), content, headers, deadline, method=self.method))

    def _address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        path = quote(self.fullpath, safe="/%:@!$&'()*+,;=~")
        query = f"?{urlencode(self.params)}" if self.params else ""
        return f"{'https' if self.secure else 'http'}://{host}{port}{path}{query}"

    def _payload(self, message: Message) -> dict[str, Any]:
        """The fields as Apprise names them; `:name=other` of the URL renames one, `:name=` leaves it out."""
        payload: dict[str, Any] = {
            JSONPayloadField.VERSION: self.json_version,
            JSONPayloadField.TITLE: message.title,
            JSONPayloadField.MESSAGE: message.body,
            JSONPayloadField.ATTACHMENTS: [],
            JSONPayloadField.MESSAGETYPE: "info",
        }
        for name, value in self.payload_extras.items():
            if name not in payload:
                payload[name] = value
                continue
            known = payload.pop(name)
            if value:
                payload[value] = known
        return payload
