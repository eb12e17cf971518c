"""Messages about watchlists for the tests of ``decide``."""

from hashlib import sha256
from typing import Any

from tests.hub.domain.world import CUSTOMS, DAY, HOUR_US, POLICE, World, within
from tocsin.core.message import HolderNotice, LegalBasis, Message
from tocsin.core.orders.watch_answer import WatchAnswered, WatchInstruction
from tocsin.core.orders.watch_check import WatchCheck
from tocsin.core.orders.watch_correct import WatchCorrect
from tocsin.core.orders.watch_hit import WatchHit
from tocsin.core.orders.watch_list import WatchList
from tocsin.core.orders.watch_publish import WatchPublish
from tocsin.core.orders.watch_withdraw import WatchWithdraw
from tocsin.core.watch import WatchAction, WatchEntry, WatchSubjectKind

LIST = "wanted"
REMEDIES: dict[str, Any] = {
    "contact": "027-1111 2222", "remedy": "object", "holder_notice": HolderNotice.NONE, "legal_basis": LegalBasis(profile="cn"),
}  # fmt: skip
BASIS = LegalBasis(profile="cn", statute="customs law")


def key_check(epoch: int = 1) -> bytes:
    return sha256(b"key %d" % epoch).digest()[:16]


def token(n: int, epoch: int = 1) -> bytes:
    return sha256(b"%d in %d" % (n, epoch)).digest()


def entry(world: World, n: int, epoch: int = 1, *, action: WatchAction = WatchAction.HOLD, hours: int = 24) -> WatchEntry:
    return WatchEntry(
        token=token(n, epoch), entry_no=n, subject=WatchSubjectKind.DOCUMENT, action=action,
        ends_us=world.now_us + hours * HOUR_US,
    )  # fmt: skip


def opened(
    world: World, epoch: int = 1, *, by: str = POLICE, to: tuple[str, ...] = (CUSTOMS,), days: int = 30, list_id: str = LIST
) -> WatchList:
    return WatchList(
        header=world.header(by, *to), list_id=list_id, epoch=epoch, valid_until_us=world.now_us + days * DAY,
        key_check=key_check(epoch),
    )  # fmt: skip


def published(world: World, *numbers: int, epoch: int = 1, by: str = POLICE, complete: bool = True, **more: Any) -> WatchPublish:
    entries = tuple(entry(world, n, epoch, **more) for n in numbers)
    header = world.header(by, **REMEDIES)
    return WatchPublish(header=header, list_id=LIST, epoch=epoch, entries=entries, complete=complete)


def corrected(world: World, *entries: WatchEntry, epoch: int = 1, by: str = POLICE) -> WatchCorrect:
    return WatchCorrect(header=world.header(by, **REMEDIES), list_id=LIST, epoch=epoch, entries=entries)


def withdrawn(world: World, *numbers: int, epoch: int = 1, by: str = POLICE) -> WatchWithdraw:
    tokens = tuple(token(n, epoch) for n in numbers)
    return WatchWithdraw(header=world.header(by), list_id=LIST, epoch=epoch, tokens=tokens)


def checked(world: World, count: int = 1, *, epoch: int = 1, by: str = CUSTOMS, **more: Any) -> WatchCheck:
    values: dict[str, Any] = {"list_id": LIST, "epoch": epoch, "key_check": key_check(epoch), "purpose": "entry check"}
    header = world.header(by, legal_basis=BASIS)
    return WatchCheck(header=header, count=count, commitment=bytes(32), **(values | more))


def hit(world: World, check: Message, *, by: str = CUSTOMS, to: str = POLICE, n: int = 1, **more: Any) -> WatchHit:
    values: dict[str, Any] = {"list_id": LIST, "epoch": 1, "entry_no": n, "entry_hash": bytes(32)}
    return WatchHit(header=world.header(by, to), check_id=check.header.message_id, **(values | more))


def answered(world: World, to: Message, *, by: str = POLICE, **header: Any) -> WatchAnswered:
    made = world.header(by, *header.pop("recipients", (to.header.sender,)), thread=within(to), **header)
    return WatchAnswered(header=made, instruction=WatchInstruction.HOLD)


def listed(world: World, *numbers: int) -> World:
    """A complete list of the police for customs, with these entries."""
    world.accept(opened(world))
    world.accept(published(world, *numbers))
    return world
