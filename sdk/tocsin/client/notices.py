"""What a party does with list messages and notices that reach it.

 * An epoch of a list is kept under its owner's name; nobody else's message can take that name here, whatever the hub let through.
 * A hit is answered by the handler, or by a person. An entry that has been withdrawn is answered at once, without either: nobody is
   held for a moment longer on it.
 * An answer is believed only from the party that our hit was sent to.
"""

from functools import partial

from tocsin.client import watch_rows
from tocsin.client.answering import Context, open_private, outgoing
from tocsin.client.compose import Composer, Follow
from tocsin.client.handlers import Handler, checked_instruction
from tocsin.client.identity import Identity
from tocsin.client.list_keys import opened_key
from tocsin.client.rows import Outgoing
from tocsin.client.store import ClientStore
from tocsin.client.watch_rows import EpochRow
from tocsin.clock import Clock
from tocsin.core.errors import Reason, error
from tocsin.core.message import KINDS, Message, delivered
from tocsin.core.orders.watch_answer import WatchInstruction
from tocsin.core.orders.watch_hit import WatchHit
from tocsin.core.orders.watch_list import WatchList
from tocsin.core.watch import ListMessage, Notice
from tocsin.results import WatchAnswer


class Notices:
    """Handles list messages and notices for one party."""

    def __init__(self, *, identity: Identity, composer: Composer, clock: Clock) -> None:
        self._identity = identity
        self._composer = composer
        self._clock = clock

    async def check_list(self, store: ClientStore, message: ListMessage) -> None:
        """Whether an epoch of a list comes from the owner it has here, with the key it names.

        Raises:
            NotPermitted: NOT_ORIGIN when the list is another owner's here.
            SignatureInvalid: SEAL_INVALID when its key is not what it should be.
        """
        if isinstance(message, WatchList):
            opened = open_private(message, self._identity)
            assert isinstance(opened, WatchList)
            opened_key(opened)
            known = await store.watch_epochs(message.list_id)
            if known and known[0].owner != message.header.sender:
                raise error(Reason.NOT_ORIGIN, row=message.KIND.name, field="list_id")

    async def keep_list(self, store: ClientStore, message: ListMessage) -> None:
        """Keeps an epoch of a list that authorises us, checked by ``check_list``."""
        if isinstance(message, WatchList):
            header = message.header
            row = EpochRow(
                list_id=message.list_id, epoch=message.epoch, owner=header.sender, message_id=header.message_id,
                valid_until_us=message.valid_until_us,
            )  # fmt: skip
            await store.transact(partial(watch_rows.put_epochs, rows=[row]))
        await store.finish(message.header.message_id, None, self._clock.now_us())

    async def answer(
        self, store: ClientStore, message: Notice, handler: Handler | None, context: Context
    ) -> Outgoing | None:
        """The answer to a notice that awaits one; None when it is left to a person.

        Raises:
            Exception: Whatever the handler raises: no answer came of it.
        """
        opened = open_private(message, self._identity)
        if isinstance(opened, WatchHit) and await self._withdrawn(store, opened):
            return self.reply(opened, WatchAnswer(WatchInstruction.WITHDRAWN))
        if handler is None:
            return None
        given = checked_instruction(await handler.call(delivered(opened, context), self._clock))
        return self.reply(opened, given)

    def reply(self, to: Message, given: WatchAnswer) -> Outgoing:
        """The signed answer to a hit."""
        follow = Follow(
            root_id=to.header.root_id, parent_id=to.header.message_id, recipient=to.header.sender, lane=to.header.lane,
            exercise=False, profile="",
        )  # fmt: skip
        fields = {"instruction": given.instruction, "note": given.note}
        message, envelope = self._composer.follow(
            KINDS["watch-answer"], follow, fields=fields, header={"contact": given.contact}
        )
        return outgoing(message, envelope, self._clock.now_us())

    @staticmethod
    async def check_answer(store: ClientStore, message: Notice) -> None:
        """Whether an answer comes from the party our notice went to.

        Raises:
            NotPermitted: NOT_ADDRESSEE.
        """
        thread = message.header.thread
        asked = await store.get_outbox(thread.parent_id) if thread is not None else None
        if asked is None or asked.recipient != message.header.sender or asked.kind not in message.KIND.follows:
            raise error(Reason.NOT_ADDRESSEE, row=message.KIND.name, field="sender")

    @staticmethod
    async def _withdrawn(store: ClientStore, hit: WatchHit) -> bool:
        rows = await store.watch_own(hit.list_id, [hit.entry_no])
        row = rows.get(hit.entry_no)
        return row is not None and bool(row.withdrawn)

