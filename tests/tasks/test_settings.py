"""What this machine is told, read once, said back clearly where it cannot be."""

import base64
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.settings import BrokenKey, BrokenSettings, KeyName, Settings, read_settings


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_is(name: str) -> None:
    description = Settings.model_fields[name].description
    assert description is not None
    assert description.endswith(".")


def test_everything_lies_below_the_state_folder(tmp_path: Path, settings: Settings) -> None:
    home = tmp_path / "home"
    assert settings.home == home
    assert settings.database_url == f"sqlite:///{home}/zhihui.db"
    assert settings.drop_folder == home / "drop"
    assert not home.exists()


def test_without_any_variable_the_state_folder_is_in_the_present_one(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZHIHUI_HOME")
    monkeypatch.chdir(tmp_path)
    assert read_settings().home == tmp_path / ".zhihui"


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, "http://127.0.0.1:8200"),
        ({"ZHIHUI_DESK_PORT": "8201"}, "http://127.0.0.1:8201"),
        ({"ZHIHUI_DESK_HOST": "0.0.0.0"}, "http://127.0.0.1:8200"),  # noqa: S104 - not bound
        ({"ZHIHUI_DESK_HOST": "10.1.2.3"}, "http://10.1.2.3:8200"),
        ({"ZHIHUI_DESK_URL": "https://desk.example.cn/"}, "https://desk.example.cn"),
    ],
)
def test_links_begin_with_the_desk_unless_another_address_is_given(
    variables: dict[str, str], url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert read_settings().desk_url == url


def test_a_broken_variable_is_named_with_what_it_is_and_without_its_value(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIHUI_DESK_PORT", "secret-99")
    monkeypatch.setenv("ZHIHUI_DESK_URL", "desk.example.cn")
    with pytest.raises(BrokenSettings) as broken:
        read_settings()
    lines = str(broken.value).splitlines()
    assert lines[0].startswith("ZHIHUI_DESK_PORT: ")
    assert lines[0].endswith("It is: TCP port of the desk, 1 to 65535.")
    assert lines[1].startswith("ZHIHUI_DESK_URL: ")
    assert "secret-99" not in str(broken.value)


def test_nothing_secret_is_printed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    key = base64.urlsafe_b64encode(b"k" * 32).decode()
    monkeypatch.setenv("ZHIHUI_PERSONAL_KEY", key)
    monkeypatch.setenv("ZHIHUI_LINK_KEY", key)
    monkeypatch.setenv("ZHIHUI_DATABASE_URL", "postgresql://desk:geheim@db/zhihui")
    full = read_settings()
    for text in (repr(full), str(full)):
        assert key not in text
        assert "geheim" not in text


@pytest.mark.parametrize("name", ["personal", "link"])
def test_a_key_is_made_once_for_its_owner_only_and_then_read_back(name: KeyName, settings: Settings) -> None:
    key = settings.secret_key(name)
    file = settings.home / "keys" / f"{name}.key"
    assert len(key) == 32
    assert settings.secret_key(name) == key
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert os.listdir(file.parent) == [file.name]


def test_the_two_keys_differ_and_processes_that_start_together_agree(settings: Settings) -> None:
    assert settings.secret_key("link") != settings.secret_key("personal")
    (settings.home / "keys" / "personal.key").unlink()
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: settings.secret_key("personal"), range(16)))
    assert len(keys) == 1


def test_a_key_of_the_environment_needs_no_file(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIHUI_LINK_KEY", base64.urlsafe_b64encode(b"\xff" * 32).decode())
    assert read_settings().secret_key("link") == b"\xff" * 32
    assert not settings.home.exists()


@pytest.mark.parametrize("content", ["", "short", "A" * 44, "ü" * 44, base64.b64encode(b"k" * 31).decode()])
def test_what_is_no_key_is_refused_with_its_file_and_without_its_content(content: str, settings: Settings) -> None:
    file = settings.home / "keys" / "personal.key"
    file.parent.mkdir(parents=True)
    file.write_text(content)
    with pytest.raises(BrokenKey, match="holds no key") as broken:
        settings.secret_key("personal")
    assert str(file) in str(broken.value)
    assert not content or content not in str(broken.value)
