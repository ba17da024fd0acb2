"""What the tests of the short form share."""

from tests.flows.conftest import prefect_server

__all__ = ["prefect_server"]
