"""A member without files: signs, publishes, fetches, verifies and acks. What the peers we compare with do, and no more.

Its publisher and its subscriber share one process and one event loop, like the clients of the compared brokers' own benchmarks.
"""

import asyncio
import time
from collections.abc import Sequence

from tests.bench.world import World, card
from tocsin.client.channel import HubConnection
from tocsin.client.compose import Composer
from tocsin.client.directory_copy import DirectoryCopy
from tocsin.client.identity import Identity
from tocsin.client.session import LaneSession
from tocsin.client.store import ClientStore
from tocsin.client.verify import verify_delivery
from tocsin.clock import SystemClock
from tocsin.core.identifiers import Identifier, identifier
from tocsin.core.message import KINDS, Lane
from tocsin.core.money import Money
from tocsin.crypto.ed25519 import Ed25519Signer, verify
from tocsin.v1 import bus_service_pb2 as pb
from tocsin.wire.codec import outline
from tocsin.wire.sequencing import receipt_from_proto, sequencing_from_proto, verify_receipt

FRAME = 64
IN_FLIGHT = 6
"""Frames on the wire at once: enough that the hub always has a batch waiting."""


def targets(first: int, count: int) -> list[Identifier]:
    """The cards the orders aim at; making them is not what is measured."""
    return [identifier(f"card:{card(number)}") for number in range(first, first + count)]


async def directory_copy(identity: Identity) -> DirectoryCopy:
    """The member's verified directory, from its own file."""
    copy = DirectoryCopy(bus=identity.bus, root_hash=identity.root_hash)
    async with await ClientStore.open(identity.database) as store:
        from tocsin.v1 import envelope_pb2

        entries = await store.directory(limit=10_000)
        copy.extend(
            [(e.envelope, sequencing_from_proto(envelope_pb2.Sequencing.FromString(e.sequencing))) for e in entries]
        )
    return copy


class RawPolice:
    """Signs and publishes stop-payments."""

    def __init__(self, identity: Identity, copy: DirectoryCopy) -> None:
        import os

        self.identity = identity
        self._composer = Composer(
            identity=identity,
            directory=lambda: copy.directory,
            signer=Ed25519Signer(identity.agent_seed),
            clock=SystemClock(),
            random=os.urandom,
        )
        self._amount = Money(minor=5_000_000, currency="CNY")

    def order(self, target: Identifier, lane: Lane) -> bytes:
        """One signed envelope."""
        _, envelope = self._composer.root(
            KINDS["stop-payment"], target=target, fields={"amount": self._amount},
            header={"contact": "027-0000 0000", "lane": lane},
        )  # fmt: skip
        return envelope

    def checked(self, envelopes: Sequence[bytes], answer: pb.PublishResponse) -> None:
        """Every receipt of a frame proves its message; anything else fails the bench."""
        proved: set[bytes] = set()

        def once(public_key: bytes, data: bytes, signature: bytes) -> None:
            if data not in proved:
                verify(public_key, data, signature)
                proved.add(data)

        for envelope, result in zip(envelopes, answer.results, strict=True):
            if result.WhichOneof("result") != "receipt":
                raise RuntimeError(f"refused: {result.refusal.reason}")
            message_hash, signature = outline(envelope)
            verify_receipt(
                receipt_from_proto(result.receipt), message_hash=message_hash, signature=signature,
                origin=self.identity.log_origin, log_key=self.identity.log_key, verify=once,
            )  # fmt: skip


async def e2e(world: World, count: int, first: int) -> float:
    """Messages per second, signed → durable → logged → routed → delivered → verified → acked and confirmed."""
    police_copy, bank_copy = await directory_copy(world.police), await directory_copy(world.bank)
    police = RawPolice(world.police, police_copy)
    publishing, subscribing = HubConnection(world.police), HubConnection(world.bank)
    seen: set[bytes] = set()
    confirmed = 0
    done = asyncio.Event()

    async def take(session: LaneSession, deliveries: Sequence[pb.Delivery]) -> None:
        for one in deliveries:
            opened = verify_delivery(
                one.envelope, sequencing_from_proto(one.sequencing), party=world.bank.party, bus=world.bank.bus,
                copy=bank_copy, addressed=True,
            )  # fmt: skip
            if opened.message_hash in seen:
                raise RuntimeError("delivered twice")
            seen.add(opened.message_hash)
            session.ack(one.seq, one.attempt_token)

    async def on_confirmed(_: LaneSession, seqs: Sequence[int]) -> None:
        nonlocal confirmed
        confirmed += len(seqs)
        if confirmed >= count:
            done.set()

    session = LaneSession(
        Lane.ROUTINE, subscription="main", take=take, on_heartbeat=lambda _: None, on_confirmed=on_confirmed
    )
    running = asyncio.create_task(session.run(subscribing, epoch=0, checkpoint=b""))
    while not session.connected:
        await asyncio.sleep(0.01)
    answers: list[tuple[list[bytes], pb.PublishResponse]] = []
    slots = asyncio.Semaphore(IN_FLIGHT)

    async def publish(envelopes: list[bytes]) -> None:
        try:
            answers.append((envelopes, await publishing.publish(envelopes)))
        finally:
            slots.release()

    aims = targets(first, count)
    started = time.perf_counter()
    frames = []
    for start in range(0, count, FRAME):
        await slots.acquire()
        envelopes = [police.order(target, Lane.ROUTINE) for target in aims[start : start + FRAME]]
        frames.append(asyncio.create_task(publish(envelopes)))
    await asyncio.gather(*frames)
    await asyncio.wait({asyncio.create_task(done.wait()), running}, return_when=asyncio.FIRST_COMPLETED)
    took = time.perf_counter() - started
    if not done.is_set():
        running.result()
    # Proved after the clock has stopped: the peers hand out no proofs to check.
    for envelopes, answer in answers:
        police.checked(envelopes, answer)
    if len(seen) != count:
        raise RuntimeError(f"{len(seen)} of {count} delivered")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await publishing.aclose()
    await subscribing.aclose()
    return count / took


async def unary(world: World, count: int, first: int) -> float:
    """Single urgent publishes per second, sixteen at a time."""
    police = RawPolice(world.police, await directory_copy(world.police))
    connection = HubConnection(world.police)
    envelopes = [police.order(target, Lane.URGENT) for target in targets(first, count)]
    queue = list(reversed(envelopes))

    async def worker() -> None:
        while queue:
            envelope = queue.pop()
            police.checked([envelope], await connection.publish([envelope]))

    started = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(16)))
    took = time.perf_counter() - started
    await connection.aclose()
    return count / took
