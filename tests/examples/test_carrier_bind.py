"""The carrier kit with a real resolver: NXDOMAIN for what is blocked, an answer again once it is let go of or has ended."""

import asyncio
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest

from examples.carrier.carrier import register
from tocsin import Executed
from tocsin.blocklist import Blocklist, write_rpz
from tocsin.testing import LocalHub, VirtualClock

CARRIER, POLICE = "carrier.cmcc", "police.420100"
WAIT = 20.0
DAYS = 86_400.0

NAMED = """
key "rndc-key" {{ algorithm hmac-sha256; secret "{secret}"; }};
controls {{ inet 127.0.0.1 port {control} allow {{ 127.0.0.1; }} keys {{ "rndc-key"; }}; }};
options {{
  directory "{path}"; pid-file "{path}/named.pid"; session-keyfile "{path}/session.key"; lock-file none;
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion yes; allow-query {{ 127.0.0.1; }}; dnssec-validation no; empty-zones-enable no; forward only; forwarders {{ }};
  response-policy {{ zone "block.invalid"; }} min-update-interval 1 qname-wait-recurse no;
}};
zone "block.invalid" {{ type primary; file "{path}/block.zone"; allow-query {{ none; }}; }};
zone "example" {{ type primary; file "{path}/example.zone"; }};
"""

EXAMPLE = """$TTL 60
$ORIGIN example.
@ SOA localhost. nobody.invalid. 1 60 60 432000 60
@ NS localhost.
*.shop A 192.0.2.1
shop A 192.0.2.1
good A 192.0.2.2
"""

pytestmark = pytest.mark.skipif(
    shutil.which("named") is None or shutil.which("rndc") is None, reason="BIND is in Debian's bind9 and bind9-utils"
)


@dataclass
class Resolver:
    """BIND on loopback, with names under .example alone."""

    port: int
    reload: list[str]

    def code(self, name: str) -> str:
        answer = dns.query.udp(dns.message.make_query(name, "A"), "127.0.0.1", port=self.port, timeout=5)
        return dns.rcode.to_text(answer.rcode())


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def resolver(tmp_path: Path) -> Iterator[Resolver]:
    path = tmp_path / "named"
    path.mkdir()
    secret = secrets.token_bytes(32).hex()
    port, control = free_port(socket.SOCK_DGRAM), free_port()
    (path / "named.conf").write_text(NAMED.format(path=path, port=port, control=control, secret=secret))
    (path / "rndc.conf").write_text(
        f'key "rndc-key" {{ algorithm hmac-sha256; secret "{secret}"; }};\n'
        f'options {{ default-key "rndc-key"; default-server 127.0.0.1; default-port {control}; }};\n'
    )
    (path / "example.zone").write_text(EXAMPLE)
    with Blocklist(path / "empty.db") as empty:
        write_rpz(empty, path / "block.zone")
    with (path / "named.log").open("w") as log:
        named = subprocess.Popen(["named", "-g", "-c", str(path / "named.conf")], stdout=log, stderr=log)
        try:
            made = Resolver(port, ["rndc", "-c", str(path / "rndc.conf"), "reload", "block.invalid"])
            for _ in range(200):
                assert named.poll() is None, (path / "named.log").read_text()[-2000:]
                try:
                    if made.code("good.example") == "NOERROR":
                        break
                except (dns.exception.Timeout, OSError):
                    time.sleep(0.05)  # it opens its port when it is ready
            yield made
        finally:
            named.terminate()
            named.wait(20)


async def test_a_blocked_name_is_not_resolved_and_is_again_once_it_is_let_go_of(tmp_path: Path, resolver: Resolver) -> None:
    clock = VirtualClock()
    async with LocalHub(tmp_path / "bus", clock=clock) as hub:
        await hub.enrol(CARRIER, role="carrier", region="CN")
        await hub.enrol(POLICE, role="police")
        carrier = hub.participant(CARRIER)
        with Blocklist(tmp_path / "named" / "blocklist.db", clock) as copy:
            register(carrier, copy, tmp_path / "named" / "block.zone", resolver.reload)
            async with carrier, hub.participant(POLICE) as police:

                async def code(name: str, wanted: str) -> None:
                    async with asyncio.timeout(WAIT):  # a reload is begun when rndc returns, and done a moment later
                        while (found := await asyncio.to_thread(resolver.code, name)) != wanted:
                            await asyncio.sleep(0.02)
                    assert found == wanted

                await code("shop.example", "NOERROR")
                job = await police.block_domains(["shop.example", "late.shop.example"], region="420100", contact="desk 4")
                assert isinstance(await job.orders[0].outcome(WAIT), Executed)
                await code("shop.example", "NXDOMAIN")
                await code("www.shop.example", "NXDOMAIN")
                await code("good.example", "NOERROR")
                let_go = await police.unblock_domains(["shop.example"])
                assert isinstance(await let_go.orders[0].outcome(WAIT), Executed)
                await code("shop.example", "NOERROR")
                await code("late.shop.example", "NXDOMAIN")
                await clock.advance(90 * DAYS + 5)
                await code("late.shop.example", "NOERROR")
