"""A town in seconds: parties join once for the whole run; each test starts a hub of its own on a copy of that directory."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from tests.e2e.kit import populate
from tocsin.testing import LocalHub, VirtualClock


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub's directory and its parties' identities, at rest."""
    path = tmp_path_factory.mktemp("town")

    async def make() -> None:
        async with LocalHub(path) as hub:
            await populate(hub)

    asyncio.run(make())
    return path


@pytest.fixture(autouse=True)
def _quiet_hub() -> object:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    yield None
    structlog.reset_defaults()


@pytest.fixture
def path(town: Path, tmp_path: Path) -> Path:
    """A copy of the town that is the test's own."""
    made = tmp_path / "town"
    shutil.copytree(town, made, ignore=shutil.ignore_patterns("*.sock"))
    return made


@pytest.fixture
async def hub(path: Path) -> AsyncIterator[LocalHub]:
    """The hub on the machine's clock."""
    async with LocalHub(path) as running:
        yield running


@pytest.fixture
def clock() -> VirtualClock:
    """Domain time that the test moves."""
    return VirtualClock()


@pytest.fixture
async def timed(path: Path, clock: VirtualClock) -> AsyncIterator[LocalHub]:
    """The hub on ``clock``."""
    async with LocalHub(path, clock=clock) as running:
        yield running
