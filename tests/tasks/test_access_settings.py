"""The settings of ways to the desk come from the environment, and a broken one is named without its value."""

import pytest

from tasks.access_settings import AccessSettings, read_access_settings
from tasks.settings import BrokenSettings, Settings


def test_each_setting_has_its_variable_and_a_default(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = read_access_settings()
    assert (usual.own_page_hours, usual.session_hours, usual.hold_minutes, usual.trusted_proxies) == (12, 12, 15, "")
    monkeypatch.setenv("ZHIHUI_OWN_PAGE_HOURS", "2")
    monkeypatch.setenv("ZHIHUI_TRUSTED_PROXIES", " 10.1.0.1, 10.2.0.0/16 ,::1")
    told = read_access_settings()
    assert (told.own_page_hours, told.trusted_proxies) == (2, "10.1.0.1,10.2.0.0/16,::1")


@pytest.mark.parametrize("trusted", ["10.1.0.300", "*", "proxy.example", "10.1.0.1/16"])
def test_a_proxy_that_is_no_network_is_refused(trusted: str) -> None:
    with pytest.raises(ValueError, match="trusted_proxies"):
        AccessSettings(trusted_proxies=trusted)


def test_a_setting_that_cannot_be_is_named_and_its_value_kept_quiet(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIHUI_SESSION_HOURS", "s3cret")
    with pytest.raises(BrokenSettings, match="ZHIHUI_SESSION_HOURS") as broken:
        read_access_settings()
    assert "s3cret" not in str(broken.value)
