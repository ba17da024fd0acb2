"""The settings of monitoring are read from the environment and refused by name, never with their value."""

import pytest

from tasks.monitoring_settings import read_monitoring_settings
from tasks.settings import BrokenSettings, Settings


def test_they_are_read_from_the_environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (read_monitoring_settings().wall_days, read_monitoring_settings().metrics_token) == (190, None)
    monkeypatch.setenv("ZHIHUI_WALL_DAYS", "30")
    monkeypatch.setenv("ZHIHUI_METRICS_TOKEN", "a-token-of-some-length")
    found = read_monitoring_settings()
    assert (found.wall_days, "a-token" in repr(found)) == (30, False)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("METRICS_TOKEN", "s3cret"), ("WALL_DAYS", "0"), ("READY_SWEEP_MINUTES", "soon"), ("READY_OUTBOX_MINUTES", "-1")],
)
def test_what_cannot_be_is_named_without_its_value(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(f"ZHIHUI_{variable}", value)
    with pytest.raises(BrokenSettings, match=f"ZHIHUI_{variable}: ") as refused:
        read_monitoring_settings()
    assert "s3cret" not in str(refused.value)
