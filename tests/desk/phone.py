"""A person with a phone: opens the link of a message, reads the page, fills in one of its forms."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response

from tasks.links import Link, Purpose, sign_link
from tasks.settings import Settings
from tests.stored_cases import at

SIGNED = at("2019-05-06 08:00")


@dataclass
class Phone:
    """One post's link to one case, opened in a browser."""

    client: TestClient
    path: str

    def page(self, query: str = "") -> str:
        """The page as it stands now."""
        answer = self.client.get(self.path + query)
        if answer.status_code != 200:
            raise AssertionError(f"{answer.status_code} for {self.path}")
        return str(answer.text)

    def forms(self) -> set[str]:
        """The forms the page offers, also those behind a link of their own."""
        page = self.page()
        return set(re.findall(r'name="form" value="([^"]+)"', page)) | set(re.findall(r"\?form=([\w-]+)", page))

    def hidden(self, form: str) -> dict[str, str]:
        """What the page puts into a form beside its fields."""
        page = self.page(f"?form={form}")
        if f'name="form" value="{form}"' not in page:
            raise AssertionError(f"the page offers no form {form}")
        names = ("key", "proof")
        return {"form": form} | {n: re.search(rf'name="{n}" value="([^"]+)"', page)[1] for n in names}  # type: ignore[index]

    def acts(self, form: str, **fields: Any) -> Response:
        """Opens the page, fills in a form and sends it."""
        return self.sends(self.hidden(form) | fields)

    def sends(self, fields: Mapping[str, Any], query: str = "") -> Response:
        """Sends fields as they are; the answer itself, no page it leads to."""
        answer: Response = self.client.post(f"{self.path}/act{query}", data=dict(fields), follow_redirects=False)
        return answer


def phone_of(client: TestClient, settings: Settings, post: str, case: str, purpose: Purpose = Purpose.CASE) -> Phone:
    """The phone of a post that was sent a message about a case."""
    return Phone(client, "/c/" + sign_link(settings.secret_key("link"), Link(post, purpose, case), SIGNED))


def text_of(page: str) -> str:
    """What a reader sees of a page, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def proof_of(page: str) -> dict[str, str]:
    """What a page puts into its forms beside their fields."""
    found = {name: re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("key", "proof")}
    return {name: match[1] for name, match in found.items() if match}
