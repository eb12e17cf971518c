"""Rows for the tests of the stores: everything follows from a small number."""

from collections.abc import Sequence
from hashlib import sha256

from tocsin_hub.domain.rows import (
    AttemptRow,
    BatchRow,
    Changes,
    CursorRow,
    DirectoryRow,
    EntryRow,
    MailboxKey,
    MessageRow,
    NodeRow,
    OrderRow,
    SubjectRow,
    ThreadRow,
    TimerKey,
    TimerRow,
)
from tocsin_hub.store.base import HubStore, WriteTx

NOW_US = 1_790_000_000_000_000
POLICE = "police.420100"
ICBC = MailboxKey("bank.icbc", 1)
ABC = MailboxKey("bank.abc", 1)
TABLES = ("threads", "orders", "subjects", "timers", "directory", "entries", "nodes", "batches")


def uid(number: int) -> bytes:
    return number.to_bytes(16, "big")


def digest(number: int) -> bytes:
    return sha256(uid(number)).digest()


def message(index: int, *, number: int | None = None, root: int | None = None, body: bytes = b"sealed") -> MessageRow:
    number = index if number is None else number
    return MessageRow(
        log_index=index, message_id=uid(number), sender=POLICE, message_hash=digest(number), kind="stop-payment",
        root_id=uid(number if root is None else root), body=body, salt=digest(-number % 2**64), accepted_us=NOW_US + index,
        batch_size=index + 1, directory_version=3, policy_version=2, profile_version=1,
    )  # fmt: skip


def entry(index: int, mailbox: MailboxKey = ICBC, *, root: int | None = None, generation: int = 1) -> EntryRow:
    return EntryRow(
        mailbox=mailbox, seq=0, log_index=index, root_id=uid(index if root is None else root), urgent_exempt=index % 2 == 1,
        why=1, generation=generation,
    )  # fmt: skip


def thread(number: int, *, state: str = "asked") -> ThreadRow:
    return ThreadRow(
        root_id=uid(number), kind="stop-payment", origin=POLICE, recipient=ICBC.party, lane=1, subject=digest(number)[:16],
        profile="cn", exercise=number % 2 == 1, state=state, terms=1, applied_us=NOW_US, ends_us=NOW_US + 5,
        instrument="stop-payment", updated_index=number,
    )  # fmt: skip


def order(
    number: int, *, state: str = "open", sender: str = POLICE, recipient: str = ICBC.party, root: int | None = None
) -> OrderRow:
    return OrderRow(
        order_id=uid(number), root_id=uid(number if root is None else root), kind="stop-payment", sender=sender,
        recipient=recipient, log_index=number, accepted_us=NOW_US + number, state=state, decided_us=0, exercise=False,
    )  # fmt: skip


def subject(number: int, used: int, pending: int = 0) -> SubjectRow:
    return SubjectRow(subject=digest(number)[:16], terms_used=used, terms_pending=pending)


def timer(number: int, deadline: int, due_us: int) -> TimerRow:
    return TimerRow(order_id=uid(number), root_id=uid(number), deadline=deadline, due_us=due_us, party=ICBC.party)


def cursor(acked_through: int, mailbox: MailboxKey = ICBC, subscription: str = "main") -> CursorRow:
    return CursorRow(mailbox=mailbox, subscription=subscription, acked_through=acked_through)


def attempt(
    seq: int, state: str, mailbox: MailboxKey = ICBC, *, subscription: str = "main", attempts: int = 1
) -> AttemptRow:
    return AttemptRow(
        mailbox=mailbox, subscription=subscription, seq=seq, attempts=attempts, state=state, not_before_us=NOW_US,
        reason="core system down" if state != "acked" else "", changed_us=NOW_US,
    )  # fmt: skip


def keyed(*timers: TimerRow) -> dict[TimerKey, TimerRow]:
    return {TimerKey(t.order_id, t.deadline): t for t in timers}


def batch(first: int, count: int, mailboxes: Sequence[MailboxKey] = (ICBC,), *, body: bytes = b"sealed") -> Changes:
    """Messages ``first`` … with all that belongs to them; message n goes to mailbox n modulo their number."""
    numbers = range(first, first + count)
    return Changes(
        messages=[message(n, body=body) for n in numbers],
        batch=BatchRow(tree_size=first + count, first_index=first, checkpoint=b"checkpoint %d" % (first + count)),
        nodes=[NodeRow(0, n, digest(n)) for n in numbers],
        threads={uid(n): thread(n) for n in numbers},
        orders={uid(n): order(n) for n in numbers},
        subjects={digest(n)[:16]: subject(n, 1) for n in numbers},
        timers_set=keyed(*(timer(n, 1, NOW_US + 100 + n) for n in numbers)),
        entries=[entry(n, mailboxes[n % len(mailboxes)]) for n in numbers],
    )


def directory(first: int, count: int) -> list[DirectoryRow]:
    return [DirectoryRow(version=v, log_index=v - 1, head=digest(v)) for v in range(first, first + count)]


def next_batch(tx: WriteTx, count: int = 1, mailboxes: Sequence[MailboxKey] = (ICBC,)) -> list[EntryRow]:
    """Writes the batch that follows in the log."""
    return tx.write(batch(tx.head().log_size, count, mailboxes))


async def write(store: HubStore, changes: Changes) -> list[EntryRow]:
    return await store.transact(lambda tx: tx.write(changes))


async def everything(store: HubStore) -> dict[str, object]:
    """All that a reader can see, to compare before and after."""
    found: dict[str, object] = {table: await store.dump(table) for table in TABLES}
    found["messages"] = await store.message_range(0, 10_000)
    found["mailboxes"] = await store.all_mailboxes()
    found["dead"] = await store.dead_letters("")
    found["head"] = await store.transact(lambda tx: tx.head())
    return found
