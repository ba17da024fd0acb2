"""Deployments are put on a real server: the one of the session."""

from collections.abc import Iterator

import pytest

from tasks.settings import Settings
from tests.prefect_server import client_settings, server_of_the_session


@pytest.fixture
def prefect_server() -> Iterator[Settings]:
    """This process as a client of the session's server."""
    settings = server_of_the_session()
    with client_settings(settings):
        yield settings
