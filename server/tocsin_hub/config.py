"""The hub's configuration, ``hub.toml``, and where everything else in its directory lies.

* Every entry but ``bus`` has a default. What is not known is refused, so that a typing mistake is no silent default.
* A configuration that exists is valid: types, bounds and addresses are checked when it is made.
"""

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from math import inf
from pathlib import Path
from typing import Any

from tocsin.core.address import bus_name, host, host_port, join_host_port
from tocsin.core.errors import BusError, Reason, error

WILDCARDS = frozenset({"0.0.0.0", "::"})
"""Hosts that mean every address of the machine: good to listen on, useless to be told."""


def _holds(check: Callable[..., object], **how: object) -> Callable[[Any], bool]:
    def good(value: object) -> bool:
        try:
            check(value, **how)
        except BusError:
            return False
        return True

    return good


_is_address = _holds(host_port, field="address")
_is_host = _holds(host, field="host")


def _entry(says: str, rule: str, good: Callable[[Any], bool], **default: Any) -> Any:
    """An entry of ``hub.toml``: what it is, in words for its comment and its error, and which values are good."""
    return field(**default, metadata={"says": says, "rule": rule, "good": good})


@dataclass(frozen=True, slots=True, kw_only=True)
class HubConfig:
    """How a hub runs; the words for each entry are those of the file.

    Raises:
        LocalFault: SETUP_INVALID naming the entry.
    """

    bus: str = _entry(
        "Name of the bus: the hub's lasting identity, and the audience of every message. Never changed.",
        "1 to 64 lower-case letters, digits, dots and hyphens, such as tocsin.example",
        _holds(bus_name),
    )
    epoch: int = _entry(
        "Life of the log, part of its origin. Never changed by hand: members and old receipts know the log by it.",
        "a whole number from 1",
        lambda v: 1 <= v < 2**31,
        default=1,
    )
    listen: str = _entry(
        "Address of the bus port (mutual TLS).",
        "host:port, such as hub.example:7443 or [2001:db8::1]:7443",
        _is_address,
        default="127.0.0.1:7443",
    )
    enrol_listen: str = _entry(
        "Address of the enrolment port (server TLS only).",
        "host:port, such as hub.example:7443 or [2001:db8::1]:7443",
        _is_address,
        default="127.0.0.1:7444",
    )
    advertise: str = _entry(
        "Host by which members reach the hub; the host of `listen` when empty.",
        "a DNS name or an IP address; needed when the hub listens on every address",
        lambda v: v == "" or (_is_host(v) and v not in WILDCARDS),
        default="",
    )
    rate_per_s: float = _entry(
        "Orders per second that one sender may send over time. Releases and reports are not limited.",
        "a number above 0",
        lambda v: 0 < v < inf,
        default=2000.0,
    )
    burst: int = _entry(
        "Orders that one sender may send at once.", "a whole number from 1", lambda v: v >= 1, default=10_000
    )
    mailbox_limit: int = _entry(
        "Routine entries that may wait in one mailbox; urgent orders are always taken.",
        "a whole number from 1",
        lambda v: v >= 1,
        default=200_000,
    )
    watch_tokens_per_minute: int = _entry(
        "Subjects that one party may check against watchlists in a minute: a hall of a large airport checks 50 flights of 400.",
        "a whole number from 1000",
        lambda v: v >= 1000,
        default=20_000,
    )
    watch_tokens_per_day: int = _entry(
        "The same in a day (UTC): twice the passengers of a large airport, and hopeless for trying out numbers.",
        "a whole number from 1000",
        lambda v: v >= 1000,
        default=500_000,
    )
    metrics_listen: str = _entry(
        "Address of the Prometheus page; none when empty.",
        "host:port, such as hub.example:7443 or [2001:db8::1]:7443",
        lambda v: v == "" or _is_address(v),
        default="",
    )
    reflection: bool = _entry(
        "Whether members may ask for the protos over gRPC reflection.", "true or false", lambda _: True, default=False
    )
    heartbeat_seconds: float = _entry(
        "How often a session is told that the hub is alive.",
        "a number of seconds above 0, at most 60",
        lambda v: 0 < v <= 60,
        default=5.0,
    )

    certificate_hours: float = _entry(
        "How long a member's TLS certificate is good; members renew theirs after a third of it.",
        "a number of hours above 0, at most 2160",
        lambda v: 0 < v <= 2160,
        default=168.0,
    )

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            allowed = (int, float) if one.type is float else (one.type,)
            if type(value) not in allowed or not one.metadata["good"](value):
                raise _invalid(one.name, one.metadata["rule"])
        if not self.advertise and host_port(self.listen, field="listen")[0] in WILDCARDS:
            raise _invalid("advertise", "a DNS name or an IP address; needed when the hub listens on every address")

    def advertised(self, port: int) -> str:
        """``host:port`` by which members reach ``port`` of the hub."""
        return join_host_port(self.advertise or host_port(self.listen, field="listen")[0], port)


@dataclass(frozen=True, slots=True)
class HubPaths:
    """Where things lie in a hub's directory."""

    root: Path

    @property
    def config(self) -> Path:
        """The configuration."""
        return self.root / "hub.toml"

    @property
    def database(self) -> Path:
        """The SQLite database."""
        return self.root / "hub.db"

    @property
    def anchor(self) -> Path:
        """The anchor against rollback."""
        return self.root / "anchor.bin"

    @property
    def keys(self) -> Path:
        """The hub's own keys, sealed."""
        return self.root / "keys.sealed"

    @property
    def genesis(self) -> Path:
        """The first messages of the bus."""
        return self.root / "genesis.bin"

    @property
    def ca_key(self) -> Path:
        """The CA's key."""
        return self.root / "ca.key"

    @property
    def ca_pem(self) -> Path:
        """The CA's certificate."""
        return self.root / "ca.pem"

    @property
    def tls_key(self) -> Path:
        """The hub's TLS key, in clear."""
        return self.root / "tls.key"

    @property
    def tls_pem(self) -> Path:
        """The hub's TLS certificate."""
        return self.root / "tls.pem"

    @property
    def governance(self) -> Path:
        """Governance root keys: to be carried away after ``init``."""
        return self.root / "governance"

    def root_key(self, number: int) -> Path:
        """The governance root key ``number``, from 1, sealed."""
        return self.governance / f"root-{number}.sealed"

    @property
    def admin_socket(self) -> Path:
        """The operator's socket."""
        return self.root / "admin.sock"


def load_config(root: Path) -> HubConfig:
    """The configuration of the hub in ``root``.

    Raises:
        LocalFault: SETUP_INVALID naming the entry at fault.
    """
    try:
        data = tomllib.loads(HubPaths(root).config.read_text("utf-8"))
    except OSError as exc:
        raise error(Reason.SETUP_INVALID, field="hub-directory", rule="a directory that tocsin-hub init made") from exc
    except ValueError as exc:
        where = re.search(r"line (\d+)", str(exc))
        raise error(
            Reason.SETUP_INVALID, field="hub.toml", rule=f"TOML in UTF-8; see line {where[1] if where else 1}"
        ) from exc
    known = {one.name for one in fields(HubConfig)}
    for name in data:
        if name not in known:
            raise _invalid(name[:40], "a known entry; see the comments that tocsin-hub init wrote")
    if "bus" not in data:
        raise _invalid("bus", "it must be given")
    return HubConfig(**data)


def render_config(config: HubConfig) -> str:
    """``hub.toml`` for ``config``: every entry with what it is."""
    lines = ["# Configuration of a Tocsin hub, read when it starts. An entry left out takes its default."]
    for one in fields(HubConfig):
        lines += ["", f"# {one.metadata['says']}", f"{one.name} = {json.dumps(getattr(config, one.name))}"]
    return "\n".join(lines) + "\n"


def _invalid(name: str, rule: str) -> BusError:
    return error(Reason.SETUP_INVALID, field=f"hub.toml: {name}", rule=rule)
