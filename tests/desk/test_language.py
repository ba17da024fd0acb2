"""The language of a page: asked for in the address, else liked best by the browser, else Chinese."""

from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from desk.pages import TEMPLATES, page_words, preferred_language
from tasks.words import WordsUnreadable, read_words


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9", "en"),
        ("EN", "en"),
        ("fr, en;q=0.5", "en"),
        ("fr, de;q=0.5", "zh"),
        ("en;q=0.4, zh-Hans;q=0.6", "zh"),
        ("en;q=0.5, zh;q=0.5", "en"),
        ("en;q=0", "zh"),
        ("en;q=lots", "zh"),
        ("*", "zh"),
    ],
)
def test_a_browser_gets_the_language_it_likes_best_of_the_two(header: str, language: str) -> None:
    assert preferred_language(header) == language


@given(st.text(max_size=2000))
def test_any_header_gives_one_of_the_two_languages(header: str) -> None:
    assert preferred_language(header) in ("zh", "en")


def test_the_address_counts_more_than_the_browser_and_is_kept_by_links(client: TestClient) -> None:
    english = {"Accept-Language": "en"}
    by_browser = client.get("/me", headers=english).text
    chosen = client.get("/me?lang=zh", headers=english).text
    assert '<html lang="en">' in by_browser
    assert 'href="/me?lang=zh"' in by_browser
    assert "lang=en" not in by_browser  # nobody chose it, so no link carries it on
    assert '<html lang="zh-CN">' in chosen
    assert 'href="/?lang=zh"' in chosen
    assert (
        client.post("/me?lang=zh", data={}, headers=english, follow_redirects=False)
        .headers["location"]
        .endswith("lang=zh")
    )


def test_every_file_of_words_is_read_and_a_group_stands_in_one_only(tmp_path: Path) -> None:
    for file in TEMPLATES.glob("words*.yaml"):
        for group in yaml.safe_load(file.read_text("utf-8")):
            assert page_words().codes(group)
    for name in ("words.yaml", "words_more.yaml"):
        (tmp_path / name).write_text("page:\n  hello: {zh: 你好, en: Hello}\n", "utf-8")
    with pytest.raises(WordsUnreadable, match=r"words_more\.yaml: \['page'\] stand in another file"):
        read_words(tmp_path / "words.yaml", tmp_path / "words_more.yaml")
