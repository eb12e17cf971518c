"""An order is judged by the law it was accepted under, however late it comes to be judged."""

import os

from tests.e2e.kit import BANK, HOUR, POLICE, WAIT, executing, ordered
from tocsin import Executed
from tocsin.client.scribe import Scribe
from tocsin.core import policy, profiles
from tocsin.core.directory import GOVERNANCE
from tocsin.core.directory_messages import PolicyVersion, ProfileVersion
from tocsin.core.message import Message
from tocsin.testing import LocalHub, VirtualClock


async def enacted(hub: LocalHub, *, term: str = "", policy_document: bytes = b"") -> None:
    """A new version of the profile with another term of a stop, or of the policy."""
    governance = hub.governance()
    scribe = Scribe(hub.serving.hub.config.bus, now_us=hub.now_us(), random=os.urandom)
    message: Message
    if policy_document:
        message = PolicyVersion(header=scribe.header(governance), version=2, document=policy_document)
    else:
        document = profiles.default_document("cn").replace(b"version = 1", b"version = 2", 1)
        document = document.replace(b'[limits.stop-term]\nvalue = "48h"', f'[limits.stop-term]\nvalue = "{term}"'.encode(), 1)
        message = ProfileVersion(header=scribe.header(governance), name="cn", version=2, document=document)
    await hub.serving.hub.publisher.offer(scribe.envelope(message, governance), caller=GOVERNANCE)


async def test_a_stop_fetched_after_the_law_was_shortened_has_the_term_it_was_ordered_under(
    timed: LocalHub, clock: VirtualClock
) -> None:
    bank = timed.participant(BANK)
    executing(bank)
    async with timed.participant(POLICE) as police:
        old = await ordered(police, 1)
        await old.accepted(WAIT)
        await enacted(timed, term="24h")
        await clock.advance(10)
        await police.link.refresh_directory()
        new = await ordered(police, 2)
        await new.accepted(WAIT)
        async with bank:
            ends = {}
            for order in (old, new):
                answer = await order.outcome(WAIT)
                assert isinstance(answer, Executed)
                assert answer.applied_at is not None
                assert answer.expires_at is not None
                ends[order] = (answer.expires_at - answer.applied_at).total_seconds()
            assert ends == {old: 48 * HOUR, new: 24 * HOUR}


async def test_a_stop_fetched_after_its_sender_lost_the_right_to_send_it_is_still_good(hub: LocalHub) -> None:
    bank = hub.participant(BANK)
    executing(bank)
    async with hub.participant(POLICE) as police:
        old = await ordered(police, 1)
        await old.accepted(WAIT)
        document = policy.default_document().replace(
            b'[kinds.stop-payment]\nsenders = ["police", "anti-fraud"]', b'[kinds.stop-payment]\nsenders = ["anti-fraud"]'
        )
        assert document != policy.default_document()
        await enacted(hub, policy_document=document)
        async with bank:
            assert isinstance(await old.outcome(WAIT), Executed)
