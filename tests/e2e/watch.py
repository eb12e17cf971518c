"""A watchlist of the police for customs, for the end-to-end tests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.kit import CUSTOMS, WAIT, until
from tocsin import Participant
from tocsin.testing import LocalHub
from tocsin.watching import Checked, Listed

LIST = "stolen-documents"
DESK = "027-0000 0000, desk 4"
WHY: dict[str, Any] = {
    "list": LIST, "purpose": "entry check", "legal_basis": "customs law, art. 6", "place": "hall 2, desk 7",
    "officer": "officer 0042",
}  # fmt: skip


def passport(number: int) -> str:
    """An invented passport; no state issues numbers with XX."""
    return f"document:passport/CHN/XX{number:07}"


def listed(hub: LocalHub, number: int, *, action: str = "hold", days: int = 30, details: str = "") -> Listed:
    """An entry for an invented passport."""
    ends = datetime.fromtimestamp(hub.now_us() / 1e6, UTC) + timedelta(days=days)
    return Listed(passport(number), action, ends, details or f"invented traveller {number}")


async def opened(police: Participant, checkers: Sequence[str] = (CUSTOMS,), *, days: int = 90) -> None:
    """A new list."""
    await police.watchlists.open(LIST, checkers=checkers, valid=timedelta(days=days))


async def filled(hub: LocalHub, police: Participant, numbers: Sequence[int], **how: Any) -> None:
    """A complete list of these passports for customs."""
    await opened(police, **how)
    await police.watchlists.publish(LIST, [listed(hub, n) for n in numbers], contact=DESK)


async def known(party: Participant, epoch: int = 1) -> None:
    """Waits until the list has reached a checker."""
    found: list[Any] = []

    async def look() -> None:
        found[:] = [row for row in await party.store.watch_epochs(LIST) if row.epoch == epoch]

    import asyncio

    async with asyncio.timeout(WAIT):
        while not found:
            await look()
            await asyncio.sleep(0.005)


async def checked(customs: Participant, *numbers: int, **more: Any) -> Checked:
    """A check of these passports."""
    return await customs.check([passport(n) for n in numbers], **{**WHY, **more})


__all__ = ["DESK", "LIST", "WHY", "checked", "filled", "known", "listed", "opened", "passport", "until"]
