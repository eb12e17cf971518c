"""A bus for each test of ``decide``."""

import pytest

from tests.hub.domain.world import World, fresh


@pytest.fixture
def world() -> World:
    """Everybody has joined, and nothing was ordered yet."""
    return fresh()
