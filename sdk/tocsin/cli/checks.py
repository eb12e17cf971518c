"""What ``doctor`` looks at. Each bound says why it stands where it does."""

import os
import platform
import shutil
import sqlite3
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tocsin.clock import LIVENESS
from tocsin.core.errors import BusError
from tocsin.core.message import MAX_CLOCK_AHEAD_US
from tocsin.core.times import from_us

if TYPE_CHECKING:
    from tocsin.client.identity import Identity
    from tocsin.client.store import ClientStore

Level = Literal["ok", "warn", "fail"]

CLOCK_WARN_US = 1_000_000
"""A second: NTP keeps milliseconds, and timelines are read in milliseconds. Beyond ``MAX_CLOCK_AHEAD_US`` the hub refuses."""

TLS_WARN_SHARE = 0.5
"""A certificate renews itself after a third of its life: with half of it gone the renewal has been failing for long."""

CA_WARN_DAYS = 180
"""A new CA must reach every member first."""

DISK_WARN, DISK_FAIL = 1 << 30, 100 << 20
"""A gigabyte is some hundred thousand orders with their reports; under 100 MiB a burst fills it."""

FSYNC_WARN_MS, FSYNC_FAIL_MS = 50.0, 1_000.0
"""A disk that spins needs 10 ms; an order waits for several, and is to arrive well under a second."""

FSYNCS = 5

BACKLOG_WARN_US = 60_000_000
"""A message that waits a minute waits for something that is broken."""

CALL_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found.

    Attributes:
        check: What was looked at.
        facts: Figures, by name.
        failure: The error it ended with, if one did.
    """

    check: str
    level: Level
    facts: Mapping[str, object] = field(default_factory=dict)
    failure: BusError | None = None

    def text(self, lang: str) -> str:
        """The figures, or the error in words."""
        if self.failure is not None:
            return self.failure.text(lang)
        return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in self.facts.items())

    def to_json(self) -> dict[str, object]:
        """The finding with stable keys."""
        reason = self.failure.reason.value if self.failure is not None else None
        return {"check": self.check, "level": self.level, "facts": dict(self.facts), "reason": reason}


def certificate(identity: "Identity") -> Finding:
    """Hours left of the party's certificate, which renews itself once a third of its life is over, and days of the CA's."""
    from cryptography import x509

    ours, ca = (x509.load_pem_x509_certificate(pem) for pem in (identity.tls_cert_pem, identity.ca_pem))
    now = from_us(LIVENESS.now_us())
    left, life = ours.not_valid_after_utc - now, ours.not_valid_after_utc - ours.not_valid_before_utc
    ca_left = ca.not_valid_after_utc - now
    late = left < life * TLS_WARN_SHARE or ca_left < timedelta(days=CA_WARN_DAYS)
    level: Level = "fail" if min(left, ca_left) <= timedelta() else "warn" if late else "ok"
    return Finding(check="tls", level=level, facts={"hours_left": int(left.total_seconds() // 3600), "ca_days_left": ca_left.days})


def disk(path: Path) -> Finding:
    """Free space where the durable file lies."""
    free = shutil.disk_usage(path).free
    return Finding(check="disk", level=_above(free, DISK_WARN, DISK_FAIL), facts={"free_mib": free >> 20})


def fsync(path: Path) -> Finding:
    """Median time of a small write with fsync in the identity directory."""
    times = []
    with tempfile.TemporaryFile(dir=path) as file:
        for _ in range(FSYNCS):
            start_us = LIVENESS.monotonic_us()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            times.append((LIVENESS.monotonic_us() - start_us) / 1000)
    median = statistics.median(times)
    level = _above(-median, -FSYNC_WARN_MS, -FSYNC_FAIL_MS)
    return Finding(check="fsync", level=level, facts={"median_ms": round(median, 2)})


def versions() -> Finding:
    """What runs here."""
    import grpc
    from google.protobuf import __version__ as protobuf

    from tocsin import __version__

    facts = {
        "tocsin": __version__, "python": platform.python_version(), "grpc": grpc.__version__, "protobuf": protobuf,
        "sqlite": sqlite3.sqlite_version,
    }  # fmt: skip
    return Finding(check="versions", level="ok", facts=facts)


async def store(kept: "ClientStore") -> list[Finding]:
    """What waits to be sent, and what waits for a person."""
    from tocsin.client.rows import InboxState, OutboxState

    out, into = await kept.outbox_counts(), await kept.inbox_counts()
    waiting = out[OutboxState.QUEUED] + out[OutboxState.SENT]
    rows = [row for state in (OutboxState.QUEUED, OutboxState.SENT) for row in await kept.outbox_list(state)]
    oldest_us = LIVENESS.now_us() - min((row.created_us for row in rows), default=LIVENESS.now_us())
    given_up = out[OutboxState.PARKED]
    backlog: Level = "warn" if oldest_us > BACKLOG_WARN_US or given_up else "ok"
    sending = {"waiting": waiting, "oldest_s": max(0, oldest_us // 1_000_000), "given_up": given_up}
    people = {"waiting": into[InboxState.WAITING], "given_up": into[InboxState.PARKED]}
    return [
        Finding(check="outbox", level=backlog, facts=sending),
        Finding(check="inbox", level="warn" if any(people.values()) else "ok", facts=people),
    ]


async def hub(identity: "Identity", directory_version: int, profiles: Sequence[str]) -> list[Finding]:
    """Connection, clock against the hub's, and whether our directory is the hub's."""
    from tocsin.client.channel import HubConnection, calling
    from tocsin.client.renewal import fresh
    from tocsin.v1 import directory_service_pb2 as directory_pb
    from tocsin.v1 import log_service_pb2 as log_pb

    try:
        connection = HubConnection(await fresh(identity))
    except BusError as failure:
        return [Finding(check="hub", level="fail", failure=failure), _directory(directory_version, directory_version, profiles)]
    try:
        await calling(connection.log.GetCheckpoint(log_pb.GetCheckpointRequest(), timeout=CALL_SECONDS))  # dials
        before_us, start_us = LIVENESS.now_us(), LIVENESS.monotonic_us()
        answer = await calling(connection.log.GetCheckpoint(log_pb.GetCheckpointRequest(), timeout=CALL_SECONDS))
        took_us = LIVENESS.monotonic_us() - start_us
        request = directory_pb.ListEntriesRequest(after_version=directory_version)
        entries = await calling(connection.directory.ListEntries(request, timeout=CALL_SECONDS))
    except BusError as failure:
        return [Finding(check="hub", level="fail", failure=failure), _directory(directory_version, directory_version, profiles)]
    finally:
        await connection.aclose()
    skew_us = before_us + took_us // 2 - answer.now_us
    clock: Level = "fail" if abs(skew_us) > MAX_CLOCK_AHEAD_US else "warn" if abs(skew_us) > CLOCK_WARN_US else "ok"
    return [
        Finding(check="hub", level="ok", facts={"address": identity.hub_address, "round_trip_ms": round(took_us / 1000, 1)}),
        Finding(check="clock", level=clock, facts={"skew_ms": round(skew_us / 1000, 1), "uncertain_ms": round(took_us / 2000, 1)}),
        _directory(directory_version, entries.directory_version, profiles),
    ]


def _directory(ours: int, hubs: int, profiles: Sequence[str]) -> Finding:
    level: Level = "fail" if not ours else "warn" if ours < hubs else "ok"
    facts = {"version": ours, "behind": max(0, hubs - ours), "profiles": " ".join(profiles)}
    return Finding(check="directory", level=level, facts=facts)


def _above(value: float, warn: float, fail: float) -> Level:
    return "fail" if value < fail else "warn" if value < warn else "ok"
