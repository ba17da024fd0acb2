"""One person's browser: goes where a person would go, and examines every page on the way.

Each page must pass axe (labels, contrast, order of headings), stay under 150 KB without its pictures, and say nothing
on the browser's console; with ZHIHUI_TAKE_PICTURES set to a folder it is photographed too.
"""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from PIL import Image
from playwright.sync_api import Browser, Page, Response

TALLEST_PICTURE = 1600
"""Pixels; a longer page is shown from its top."""
LARGEST_PAGE = 150 * 1024
"""Bytes of a page with its style, without pictures."""

PHONE: Mapping[str, int] = {"width": 390, "height": 844}
DESK: Mapping[str, int] = {"width": 1280, "height": 900}
WALL: Mapping[str, int] = {"width": 1920, "height": 1080}

_AXE = Axe()
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@dataclass
class Weighed:
    """What one page brought with it."""

    address: str
    bytes: int = 0


class Visits:
    """A browser with one person in front of it."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        post: str,
        pictures: str = "",
        screen: Mapping[str, int] = PHONE,
        language: str = "zh-CN",
    ) -> None:
        self.post, self._url, self._pictures = post, url, pictures
        self._context = browser.new_context(viewport=dict(screen), locale=language, timezone_id="Asia/Shanghai")  # type: ignore[arg-type]
        self.page: Page = self._context.new_page()
        self._weighed = Weighed("")
        self.said: list[str] = []
        """What the console said."""
        self.page.on("response", self._weigh)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def close(self) -> None:
        """End it."""
        self._context.close()

    def goes(self, address: str, status: Container[int] = (200,)) -> str:
        """Open an address of the desk; returns what the page says."""
        self._weighed = Weighed(address)
        answer = self.page.goto(address if address.startswith("http") else self._url + address)
        if answer is None or answer.status not in status:
            raise AssertionError(f"{answer and answer.status} for {address}: {self.text()}")
        if answer.status != 200:
            self.said.clear()  # The console tells every answer that is none.
        return self.text()

    def text(self) -> str:
        """What the page says, in one line."""
        return " ".join(self.page.inner_text("body").split())

    def opens_newest_message(self, about: str = "") -> str:
        """Follow the link of the newest message this post was sent."""
        self.goes(f"/demo/inbox?recipient={self.post}")
        message = self.page.locator("article.message, .message").filter(has_text=about).first
        return self.follows(message.get_by_role("link", name=re.compile("打开|查看|Open")).first)

    def follows(self, link: Any) -> str:
        """Click and wait for what comes."""
        self._weighed = Weighed(self.page.url)
        with self.page.expect_navigation():
            link.click()
        return self.text()

    def presses(self, name: str, within: str = "main") -> str:
        """Press the button of this name."""
        return self.follows(self.page.locator(within).get_by_role("button", name=name, exact=True).first)

    def examines(self, picture: str = "", refreshes: bool = False) -> None:
        """Every rule for a page, on the one that is open; one that is only looked at may refresh itself."""
        rules = {"meta-refresh": {"enabled": not refreshes}}
        found = _AXE.run(self.page, options={"resultTypes": ["violations"], "runOnly": _RULES, "rules": rules})
        assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"
        assert self._weighed.bytes < LARGEST_PAGE, f"{self.page.url} weighs {self._weighed.bytes} bytes"
        assert self.said == [], f"{self.page.url} said {self.said}"
        across = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert across <= 0, f"{self.page.url} is {across} pixels wider than the screen"
        if picture and self._pictures:
            self._photograph(Path(self._pictures) / f"{picture}.png")

    def _photograph(self, path: Path) -> None:
        """The page from its top, small enough to lie beside the text that shows it."""
        image = Image.open(BytesIO(self.page.screenshot(full_page=True)))
        shown = image.convert("RGB").crop((0, 0, image.width, min(image.height, TALLEST_PICTURE)))
        shown.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)

    def _weigh(self, response: Response) -> None:
        if response.request.resource_type in ("image", "media") or response.status in (301, 302, 303, 304):
            return
        self._weighed.bytes += int(response.request.sizes()["responseBodySize"])
