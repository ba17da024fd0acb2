"""`zhihui desk key` as an administrator at a terminal runs it."""

import json

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from deployments.command_line import load
from tasks.database import open_database
from tasks.open311_keys import KEYS, digest_of
from tasks.settings import Settings
from tests.stored_cases import a_loaded_city, rows_of


@pytest.fixture
def city_home(settings: Settings) -> Settings:
    """A state folder with the small city in force."""
    engine = open_database(settings.database_url)
    a_loaded_city(engine)
    engine.dispose()
    return settings


def run(*words: str) -> Result:
    return CliRunner().invoke(load("desk"), ["key", *words])


def stored(settings: Settings) -> str:
    engine = open_database(settings.database_url)
    rows = rows_of(engine, select(KEYS))
    engine.dispose()
    return str(rows)


def test_a_key_is_printed_once_listed_without_itself_and_revoked(city_home: Settings) -> None:
    issued = run("issue", "随手拍", "--by", "admin")
    assert issued.exit_code == 0, issued.output
    key = issued.stdout.strip()
    assert key.startswith("zhk_")
    assert "只显示这一次" in issued.stderr
    assert digest_of(key) in stored(city_home)
    assert key not in stored(city_home)
    assert run("issue", "随手拍", "--by", "admin").exit_code == 1
    listed = json.loads(run("list", "--json").stdout)
    assert (listed["count"], listed["keys"][0]["name"], listed["keys"][0]["revoked_at"]) == (1, "随手拍", None)
    assert key not in str(listed)
    assert run("revoke", "随手拍", "--by", "admin").exit_code == 0
    again = run("revoke", "随手拍", "--by", "admin")
    assert again.exit_code == 1
    assert "没有名为“随手拍”的在用密钥" in again.stderr
    assert "已停用 revoked" in run("list").stdout


def test_who_is_no_post_of_the_city_issues_nothing(city_home: Settings) -> None:
    refused = run("issue", "随手拍", "--by", "nobody")
    assert refused.exit_code == 1
    assert stored(city_home) == "[]"
    assert "尚未发放密钥" in run("list").stdout
    named = run("issue", " ", "--by", "admin")
    assert (named.exit_code, named.stdout) == (1, "")
    told = run("issue", "伙伴系统", "--by", "admin", "--json")
    assert set(json.loads(told.stdout)) == {"name", "key"}
