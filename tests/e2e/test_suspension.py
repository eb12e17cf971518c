"""A party that is suspended while it is connected: its session ends, nothing new reaches it, and what it holds stays."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.kit import BANK, POLICE, WAIT, Hand, executing, ordered, until
from tests.e2e.stream import Stream
from tocsin import Executed
from tocsin.core.directory import GOVERNANCE
from tocsin.core.errors import BusError, NotPermitted, Reason
from tocsin.core.message import Lane
from tocsin.testing import LocalHub
from tocsin_hub.invite import suspend


@pytest.fixture
async def hub(path: Path) -> AsyncIterator[LocalHub]:
    """A hub whose heartbeats come often."""
    async with LocalHub(path, heartbeat_seconds=0.2) as running:
        yield running


async def suspended(hub: LocalHub, party: str, *, really: bool = True) -> None:
    bus, now_us = hub.serving.hub.config.bus, hub.now_us()
    envelope = suspend(
        party, hub.governance(), suspended=really, reason="drill", bus=bus, now_us=now_us, random=os.urandom
    )
    await hub.serving.hub.publisher.offer(envelope, caller=GOVERNANCE)


async def test_an_open_session_of_a_suspended_party_ends_with_the_reason(hub: LocalHub) -> None:
    async with Hand(hub, BANK) as bank:
        stream = await Stream.open(bank)
        await suspended(hub, BANK)
        with pytest.raises(BusError) as ended:
            await stream.deliveries(1)
        assert ended.value.reason is Reason.PARTY_SUSPENDED


async def test_a_suspended_bank_stops_its_program_and_goes_on_once_it_is_back(hub: LocalHub) -> None:
    bank, police = hub.participant(BANK), hub.participant(POLICE)
    executing(bank)
    async with police:
        async with bank:
            await until(lambda: bank.link.held(Lane.URGENT) is not None)
            first = await ordered(police, 1)
            assert isinstance(await first.outcome(WAIT), Executed)
            await suspended(hub, BANK)
            with pytest.raises(NotPermitted) as ended:
                await bank.serve()
            assert ended.value.reason is Reason.PARTY_SUSPENDED
        await suspended(hub, BANK, really=False)
        again = hub.participant(BANK)
        executing(again)
        async with again:
            assert isinstance(await (await ordered(police, 2)).outcome(WAIT), Executed)
