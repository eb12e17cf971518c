"""Each test that asks for a store runs on every engine there is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.store.engines import ENGINES, Engine
from tocsin_hub.store.base import HubStore


@pytest.fixture(params=["sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    return ENGINES[request.param](tmp_path)


@pytest.fixture
async def store(engine: Engine) -> AsyncIterator[HubStore]:
    opened = await engine.open()
    yield opened
    await opened.aclose()
