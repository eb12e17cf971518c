"""TLS certificates are short and renew themselves: in time, after an outage that outlasted them, and for nobody else."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.e2e.kit import BANK, OTHER_BANK, POLICE, WAIT, executing, ordered, standing, until
from tests.e2e.test_suspension import suspended
from tocsin import Executed
from tocsin.client import renewal
from tocsin.client.channel import calling, enrolment
from tocsin.client.identity import Identity
from tocsin.client.renewal import ended, fresh, seconds_to_renewal
from tocsin.clock import LIVENESS
from tocsin.core.errors import BusError, Malformed, Reason
from tocsin.core.keyid import key_id
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.crypto.privatefile import write_private
from tocsin.crypto.signers import renewal_bytes
from tocsin.crypto.tls import certificate_request, new_tls_key
from tocsin.testing import LocalHub
from tocsin.v1 import enrolment_service_pb2 as pb
from tocsin_hub.config import HubPaths
from tocsin_hub.pki import PartyCertificates, hub_certificate, renewed_hub_certificate

DAY = timedelta(days=1)


def authority(path: Path) -> PartyCertificates:
    paths = HubPaths(path / "hub")
    return PartyCertificates(bus="tocsin.example", ca_key_pem=paths.ca_key.read_bytes(), ca_pem=paths.ca_pem.read_bytes())


def aged(hub: LocalHub, party: str, days: float) -> Identity:
    """The party with a certificate issued ``days`` ago, on its disk too."""
    identity = hub.identity(party)
    request = certificate_request(identity.tls_key_pem, bus=identity.bus, party=party)
    made = authority(hub.path).issue(request, party=party, now=datetime.now(UTC) - days * DAY)
    write_private(identity.path / "tls.pem", made)
    return hub.identity(party)


def serial(path: Path) -> int:
    return x509.load_pem_x509_certificate((path / "tls.pem").read_bytes()).serial_number


@pytest.mark.parametrize("days", [3, 30], ids=["due", "ended"])
async def test_a_party_whose_certificate_is_due_or_ended_connects_and_has_a_new_one(hub: LocalHub, days: float) -> None:
    old = aged(hub, BANK, days)
    assert ended(old) is (days > 7)
    bank, police = hub.participant(BANK), hub.participant(POLICE)
    executing(bank)
    async with bank, police:
        assert isinstance(await (await ordered(police, 1)).outcome(WAIT), Executed)
    new = hub.identity(BANK)
    assert new.tls_cert_pem != old.tls_cert_pem
    assert seconds_to_renewal(new) > 2 * 86_400
    assert await fresh(new) is new
    assert (await fresh(old)).tls_cert_pem == new.tls_cert_pem  # another process of the party asks nobody


async def test_a_long_connection_is_dialled_anew_with_each_certificate_and_loses_nothing(path: Path) -> None:
    calls: list[Any] = []
    async with LocalHub(path, certificate_hours=1 / 60) as hub:
        aged(hub, BANK, 3)
        bank, police = hub.participant(BANK), hub.participant(POLICE)
        executing(bank, calls)
        async with bank, police:
            orders, seen = [], {serial(bank.identity.path)}
            while len(seen) < 4:
                orders.append(await ordered(police, len(orders)))
                await until(lambda: serial(bank.identity.path) not in seen)
                seen.add(serial(bank.identity.path))
            for order in orders:
                assert isinstance(await order.outcome(WAIT), Executed)
            unmarked = [call.id for call in calls if not call.repeat]
            assert len(unmarked) == len(set(unmarked))
            assert {call.id for call in calls} == {order.message.id for order in orders}


async def test_a_certificate_that_is_due_is_used_on_while_nobody_renews_it(hub: LocalHub) -> None:
    aged(hub, BANK, 3)
    bank = hub.participant(BANK)
    bank.identity = replace(bank.identity, enrol_address="127.0.0.1:1")
    executing(bank)
    async with bank, hub.participant(POLICE) as police:
        assert isinstance(await (await ordered(police, 1)).outcome(WAIT), Executed)


async def renew(identity: Identity, **changes: Any) -> bytes:
    """A renewal made by hand."""
    agent = Ed25519Signer(changes.pop("seed", identity.agent_seed))
    party = changes.pop("party", identity.party)
    asks_for = changes.pop("asks_for", party)
    request = certificate_request(identity.tls_key_pem, bus=identity.bus, party=asks_for)
    created_us = LIVENESS.now_us() + changes.pop("later_s", 0) * 1_000_000
    values: dict[str, Any] = {
        "party": party, "key_id": key_id(agent.algorithm, agent.public_key), "certificate_request": request,
        "created_us": created_us, "signature": agent.sign(renewal_bytes(identity.bus, party, created_us, request)),
    }  # fmt: skip
    async with enrolment(identity) as stub:
        answer = await calling(stub.Renew(pb.RenewRequest(**(values | changes)), timeout=WAIT))
    return bytes(answer.certificate)


REFUSED: dict[str, tuple[Callable[[Identity], dict[str, Any]], Reason]] = {
    "another party's name": (lambda own: {"party": OTHER_BANK}, Reason.SIGNATURE_INVALID),
    "a party nobody knows": (lambda own: {"party": "bank.nobody"}, Reason.SIGNATURE_INVALID),
    "a key nobody knows": (lambda own: {"seed": b"x" * 32}, Reason.SIGNATURE_INVALID),
    "a sealing key": (lambda own: {"key_id": own.sealing_key_id}, Reason.SIGNATURE_INVALID),
    "no signature": (lambda own: {"signature": b""}, Reason.SIGNATURE_INVALID),
    "a signature over something else": (lambda own: {"created_us": LIVENESS.now_us()}, Reason.SIGNATURE_INVALID),
    "a time that is none": (lambda own: {"created_us": -1}, Reason.SIGNATURE_INVALID),
    "a certificate for another": (lambda own: {"asks_for": OTHER_BANK}, Reason.FIELD_INVALID),
    "made an hour ago": (lambda own: {"later_s": -3600}, Reason.EXPIRED),
    "made in an hour": (lambda own: {"later_s": 3600}, Reason.CREATED_IN_FUTURE),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_renewal_that_is_not_the_partys_own_is_refused_and_changes_nothing(hub: LocalHub, case: str) -> None:
    changes, reason = REFUSED[case]
    own = hub.identity(BANK)
    before = await standing(hub)
    with pytest.raises(BusError) as refused:
        await renew(own, **changes(own))
    assert refused.value.reason is reason
    assert await standing(hub) == before
    assert x509.load_pem_x509_certificate(await renew(own))


async def test_a_suspended_party_is_renewed_no_more(hub: LocalHub) -> None:
    await suspended(hub, BANK)
    with pytest.raises(BusError) as refused:
        await renew(hub.identity(BANK))
    assert refused.value.reason is Reason.PARTY_SUSPENDED


async def test_renewals_are_limited(hub: LocalHub) -> None:
    answers = await asyncio.gather(*(renew(hub.identity(BANK)) for _ in range(60)), return_exceptions=True)
    refused = [one for one in answers if isinstance(one, BusError)]
    assert refused
    assert {one.reason for one in refused} == {Reason.QUOTA_EXCEEDED}


@pytest.mark.parametrize("false", ["another key", "another name", "another CA", "ended", "rubbish"])
async def test_a_certificate_that_is_not_ours_is_not_kept(
    hub: LocalHub, path: Path, false: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = aged(hub, BANK, 30)
    ca, name, key, now = authority(path), BANK, identity.tls_key_pem, datetime.now(UTC)
    if false == "another CA":
        from tocsin_hub.pki import new_ca

        other_key = new_tls_key()
        ca = replace(ca, ca_key_pem=other_key, ca_pem=new_ca(other_key, bus="tocsin.example", now=now))
    name = OTHER_BANK if false == "another name" else BANK
    key = new_tls_key() if false == "another key" else key
    made = ca.issue(
        certificate_request(key, bus=identity.bus, party=name), party=name, now=now - 30 * DAY if false == "ended" else now
    )

    async def dishonest(_: object) -> Any:
        return pb.RenewResponse(certificate=b"rubbish" if false == "rubbish" else made)

    monkeypatch.setattr(renewal, "calling", lambda call: (call.cancel(), dishonest(call))[1])
    with pytest.raises(Malformed):
        await fresh(identity)
    assert (identity.path / "tls.pem").read_bytes() == identity.tls_cert_pem


def test_the_hubs_own_certificate_is_issued_anew_once_a_third_of_it_is_over(town: Path) -> None:
    paths, now = HubPaths(town / "hub"), datetime.now(UTC)
    ca_key, ca, key = (one.read_bytes() for one in (paths.ca_key, paths.ca_pem, paths.tls_key))
    hosts = ["hub.example", "127.0.0.1"]
    old = hub_certificate(ca_key, ca, key, bus="tocsin.example", hosts=hosts, now=now)

    def after(days: int) -> bytes | None:
        return renewed_hub_certificate(ca_key, ca, key, old, bus="tocsin.example", now=now + days * DAY)

    assert after(120) is None
    made = after(130)
    assert made is not None
    new = x509.load_pem_x509_certificate(made)
    names = new.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["hub.example"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert new.not_valid_after_utc > now + 365 * DAY
