"""The hub's configuration: ``hub.toml`` in its directory, and where everything else in that directory lies.

 * Every entry has a default; what is not known is refused, so that a typing mistake is not a silent default.
"""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tocsin.core.errors import Reason, error


@dataclass(frozen=True, slots=True, kw_only=True)
class HubConfig:
    """How a hub runs."""

    bus: str
    """Bus name: the hub's lasting identity, and the audience of every message."""
    epoch: int = 1
    """Life of the log; rises only after a lossy restore."""
    listen: str = "127.0.0.1:7443"
    """Address of the bus port (mutual TLS)."""
    enrol_listen: str = "127.0.0.1:7444"
    """Address of the enrolment port (server TLS only)."""
    advertise: str = ""
    """Host members reach the hub by; the listening host when empty."""
    rate_per_s: float = 2000.0
    """Orders a sender may send per second over time; releases and reports are not limited."""
    burst: int = 10_000
    """Orders a sender may send at once."""
    mailbox_limit: int = 200_000
    """Routine entries one mailbox may hold unacked."""
    metrics_listen: str = ""
    """Address of the Prometheus page; none when empty."""
    reflection: bool = False
    """Whether members may ask for the protos over gRPC reflection."""
    heartbeat_seconds: float = 5.0
    """How often a session is told that the hub is alive."""

    def advertised(self, port: int) -> str:
        """host:port members use for the bus port."""
        return f"{self.advertise or self.listen.rpartition(':')[0]}:{port}"


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
        """The hub's TLS key."""
        return self.root / "tls.key"

    @property
    def tls_pem(self) -> Path:
        """The hub's TLS certificate."""
        return self.root / "tls.pem"

    @property
    def governance(self) -> Path:
        """Governance root keys: to be carried away after ``init``."""
        return self.root / "governance"

    @property
    def admin_socket(self) -> Path:
        """The operator's socket."""
        return self.root / "admin.sock"


def load_config(root: Path) -> HubConfig:
    """The configuration of the hub in ``root``.

    Raises:
        LocalFault: IDENTITY_INVALID naming the entry at fault.
    """
    try:
        data: dict[str, Any] = tomllib.loads((root / "hub.toml").read_text())
    except (OSError, ValueError) as exc:
        raise error(Reason.IDENTITY_INVALID, hint="hub.toml is missing or is no TOML: is this a hub directory?") from exc
    known = {one.name: one.type for one in fields(HubConfig)}
    for name, value in data.items():
        if name not in known:
            raise error(Reason.IDENTITY_INVALID, hint=f"hub.toml: unknown entry {name}")
        if not isinstance(value, (int, float) if known[name] is float else known[name]):
            raise error(Reason.IDENTITY_INVALID, hint=f"hub.toml: {name} is of the wrong type")
    if not data.get("bus"):
        raise error(Reason.IDENTITY_INVALID, hint="hub.toml: bus is missing")
    return HubConfig(**data)


def render_config(config: HubConfig) -> str:
    """``hub.toml`` for ``config``: every entry."""
    lines = ["# Configuration of a Tocsin hub. Entries that are left out take their defaults; docs/operate.md explains each.", ""]
    for one in fields(HubConfig):
        value = getattr(config, one.name)
        shown = f'"{value}"' if isinstance(value, str) else str(value).lower()
        lines.append(f"{one.name} = {shown}")
    return "\n".join(lines) + "\n"
