"""Decisions on list messages and notices: what each does to a list's epochs and entries, and whom a notice may reach.

 * A list is its first opener's. Only the owner opens its next epoch, puts entries on it, corrects and withdraws them.
 * Epochs follow each other by one. Entries go to the newest epoch alone. A check goes to the newest that is complete, and its
   sender must be a named checker of it *and* of the newest: who was left out of the new one may not use the old one up.
 * Everything about who may check is judged before a token is looked at, and the decision on a check looks at none.
 * An entry that was withdrawn or has ended may be published again under its token; one in force is corrected.
 * A hit goes to the owner of the list by a party that made the check it names. It is accepted whatever became of the entry
   meanwhile: it states a fact, and the owner answers.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from tocsin.core.errors import Reason, error
from tocsin.core.message import KINDS, Message
from tocsin.core.policy import KindRow, check_relation
from tocsin.core.watch import ListMessage, ListNotice, ListStep, Notice, WatchEntry
from tocsin_hub.domain.book import Accepted, Book
from tocsin_hub.domain.rows import ListRow, Loaded, NoticeRow, TokenKey, WatchEntryRow, WatchUseRow

MINUTE_US = 60 * 1_000_000
DAY_US = 24 * 60 * MINUTE_US


def decide_list(message: ListMessage, row: KindRow, book: Book, *, at_us: int, index: int) -> Accepted:
    """A message about a list.

    Raises:
        Rejected: See ``tocsin_hub.domain.decide``.
    """
    basis = message.header.legal_basis
    if basis is not None and basis.profile:
        book.directory.profile(basis.profile)
    return _STEPS[message.STEP](message, row, book, at_us, index)


def _open(message: Any, row: KindRow, book: Book, at_us: int, index: int) -> Accepted:
    newest = newest_epoch(book.loaded, message.list_id)
    if newest is not None and newest.owner != message.header.sender:
        raise error(Reason.NOT_ORIGIN, row=row.name, field="list_id")
    expected = 1 if newest is None else newest.epoch + 1
    if message.epoch != expected:
        raise error(Reason.EPOCH_UNKNOWN, field="epoch", value=message.epoch, limit=expected)
    if message.valid_until_us <= at_us:
        raise error(Reason.EPOCH_OVER, field="valid_until_us")
    made = ListRow(
        list_id=message.list_id, epoch=message.epoch, owner=message.header.sender, opened_index=index,
        checkers=" ".join(message.header.recipients), valid_until_us=message.valid_until_us,
        key_check=message.key_check, live_index=0,
    )  # fmt: skip
    recipients = message.header.recipients
    return Accepted(root_id=message.header.message_id, watch_list=made, deliver_to=recipients)


def _publish(message: Any, row: KindRow, book: Book, at_us: int, index: int) -> Accepted:
    epoch = _owned(message, row, book, at_us)
    made = []
    for position, entry in enumerate(message.entries):
        _check_end(entry, position, at_us)
        before = book.loaded.watch_entries.get(TokenKey(epoch.opened_index, entry.token))
        if before is not None and not before.withdrawn_index and before.ends_us > at_us:
            raise error(Reason.ENTRY_EXISTS, field=f"entries[{position}]")
        made.append(_entry_row(epoch, entry, position, index))
    live = replace(epoch, live_index=index) if message.complete and not epoch.live_index else None
    return Accepted(root_id=message.header.message_id, watch_list=live, watch_entries=made)


def _correct(message: Any, row: KindRow, book: Book, at_us: int, index: int) -> Accepted:
    epoch = _owned(message, row, book, at_us)
    made = []
    for position, entry in enumerate(message.entries):
        _check_end(entry, position, at_us)
        before = book.loaded.watch_entries.get(TokenKey(epoch.opened_index, entry.token))
        if before is None or before.withdrawn_index or before.entry_no != entry.entry_no:
            raise error(Reason.ENTRY_UNKNOWN, field=f"entries[{position}]")
        made.append(_entry_row(epoch, entry, position, index))
    return Accepted(root_id=message.header.message_id, watch_entries=made)


def _withdraw(message: Any, row: KindRow, book: Book, at_us: int, index: int) -> Accepted:
    epoch = _epoch_of(message, row, book)
    made = []
    for position, token in enumerate(message.tokens):
        before = book.loaded.watch_entries.get(TokenKey(epoch.opened_index, token))
        if before is None:
            raise error(Reason.ENTRY_UNKNOWN, field=f"tokens[{position}]")
        if not before.withdrawn_index:
            made.append(replace(before, withdrawn_index=index))
    return Accepted(root_id=message.header.message_id, watch_entries=made, never_withheld=True)


def _check(message: Any, row: KindRow, book: Book, at_us: int, index: int) -> Accepted:
    sender = message.header.sender
    check_authority(book.loaded, message.list_id, message.epoch, message.key_check, checker=sender, at_us=at_us)
    before = book.loaded.watch_uses.get(sender)
    return Accepted(root_id=message.header.message_id, watch_use=_used(before, sender, message.count, at_us))


_STEPS: Mapping[ListStep, Callable[[Any, KindRow, Book, int, int], Accepted]] = MappingProxyType(
    {
        ListStep.OPEN: _open,
        ListStep.PUBLISH: _publish,
        ListStep.CORRECT: _correct,
        ListStep.WITHDRAW: _withdraw,
        ListStep.CHECK: _check,
    }
)


def check_authority(
    loaded: Loaded, list_id: str, epoch: int, key_check: bytes, *, checker: str, at_us: int
) -> ListRow:
    """The epoch of a list that ``checker`` may check against, at ``at_us``.

    Raises:
        NotPermitted: NOT_CHECKER, for an unknown list too: who may not check learns of no list.
        WrongState: EPOCH_OVER, EPOCH_UNKNOWN, LIST_NOT_READY, LIST_KEY_DIFFERS.
    """
    newest = newest_epoch(loaded, list_id)
    if newest is None or checker not in newest.checkers.split():
        raise error(Reason.NOT_CHECKER, field="list_id", party=checker)
    before = loaded.lists.get((list_id, newest.epoch - 1))
    in_force = newest if newest.live_index or before is None else before
    if epoch > newest.epoch:
        raise error(Reason.EPOCH_UNKNOWN, field="epoch", value=epoch, limit=newest.epoch)
    if epoch < in_force.epoch:
        raise error(Reason.EPOCH_OVER, field="epoch")
    chosen = loaded.lists[list_id, epoch]
    if checker not in chosen.checkers.split():
        raise error(Reason.NOT_CHECKER, field="list_id", party=checker)
    if not chosen.live_index:
        raise error(Reason.LIST_NOT_READY, field="epoch")
    if chosen.valid_until_us <= at_us:
        raise error(Reason.EPOCH_OVER, field="epoch")
    if chosen.key_check != key_check:
        raise error(Reason.LIST_KEY_DIFFERS, field="key_check")
    return chosen


def newest_epoch(loaded: Loaded, list_id: str) -> ListRow | None:
    """The newest epoch of a list; None when there is no such list."""
    return max((row for row in loaded.lists.values() if row.list_id == list_id), key=lambda r: r.epoch, default=None)


def decide_notice(message: Notice, row: KindRow, book: Book, *, index: int) -> Accepted:
    """A notice that starts a thread, or answers one.

    Raises:
        Rejected: See ``tocsin_hub.domain.decide``.
    """
    header = message.header
    kind = type(message).KIND
    if header.thread is None:
        check_relation(row, sender=header.sender, origin=None, addressee=None)
        if not kind.starts_thread:
            raise error(Reason.FIELD_MISSING, field="thread.root_id", rule="the order this message belongs to")
        if isinstance(message, ListNotice):
            _check_list_notice(message, book)
        made = NoticeRow(
            notice_id=header.message_id, kind=kind.name, sender=header.sender, recipient=header.recipients[0],
            lane=header.lane.value, log_index=index,
        )  # fmt: skip
        return Accepted(root_id=header.message_id, notice=made, deliver_to=header.recipients)
    _check_answer(message, row, book)
    return Accepted(root_id=header.root_id, deliver_to=header.recipients)


def _check_answer(message: Message, row: KindRow, book: Book) -> None:
    header = message.header
    kind = type(message).KIND
    root = book.loaded.notices.get(header.root_id)
    if root is None or header.thread is None or header.thread.parent_id != root.notice_id:
        raise error(Reason.THREAD_UNKNOWN, field="thread.root_id")
    check_relation(row, sender=header.sender, origin=root.sender, addressee=root.recipient)
    if root.kind not in kind.follows:
        raise error(Reason.FIELD_INVALID, field="thread", rule="this kind of order does not follow that one")
    if header.recipients != (root.sender,):
        raise error(Reason.FIELD_INVALID, field="recipients", rule="the party that sent the notice")
    if header.lane.value != root.lane:
        raise error(Reason.FIELD_INVALID, field="lane", rule="lane and exercise are those of the thread's root")


def _check_list_notice(message: ListNotice, book: Book) -> None:
    header = message.header
    newest = newest_epoch(book.loaded, message.list_id)
    check = book.loaded.known.get(message.check_id)
    if newest is None or check is None or check.sender != header.sender or not _is_check(check.kind):
        raise error(Reason.CHECK_UNKNOWN, field="check_id")
    if header.recipients != (newest.owner,):
        raise error(Reason.ROUTE_DIFFERS, field="recipients", party=header.recipients[0])


def _is_check(kind: str) -> bool:
    cls = KINDS[kind].cls
    return issubclass(cls, ListMessage) and cls.STEP is ListStep.CHECK


def _owned(message: ListMessage, row: KindRow, book: Book, at_us: int) -> ListRow:
    epoch = _epoch_of(message, row, book)
    newest = newest_epoch(book.loaded, message.list_id)
    if epoch is not newest or epoch.valid_until_us <= at_us:
        raise error(Reason.EPOCH_OVER, field="epoch")
    return epoch


def _epoch_of(message: ListMessage, row: KindRow, book: Book) -> ListRow:
    newest = newest_epoch(book.loaded, message.list_id)
    if newest is None:
        raise error(Reason.LIST_UNKNOWN, field="list_id")
    if newest.owner != message.header.sender:
        raise error(Reason.NOT_ORIGIN, row=row.name, field="list_id")
    if message.epoch > newest.epoch:
        raise error(Reason.EPOCH_UNKNOWN, field="epoch", value=message.epoch, limit=newest.epoch)
    found = book.loaded.lists.get((message.list_id, message.epoch))
    if found is None:
        raise error(Reason.EPOCH_OVER, field="epoch")
    return found


def _check_end(entry: WatchEntry, position: int, at_us: int) -> None:
    if entry.ends_us <= at_us:
        raise error(Reason.FIELD_INVALID, field=f"entries[{position}].ends_us", rule="in the future")


def _entry_row(epoch: ListRow, entry: WatchEntry, position: int, index: int) -> WatchEntryRow:
    return WatchEntryRow(
        opened_index=epoch.opened_index, token=entry.token, entry_no=entry.entry_no, ends_us=entry.ends_us,
        log_index=index, position=position, withdrawn_index=0,
    )  # fmt: skip


def _used(before: WatchUseRow | None, party: str, count: int, at_us: int) -> WatchUseRow:
    minute, day = at_us // MINUTE_US, at_us // DAY_US
    same_minute = before is not None and before.minute == minute
    same_day = before is not None and before.day == day
    return WatchUseRow(
        party=party,
        minute=minute,
        minute_tokens=count + (before.minute_tokens if before is not None and same_minute else 0),
        day=day,
        day_tokens=count + (before.day_tokens if before is not None and same_day else 0),
    )
