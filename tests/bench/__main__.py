"""Measures and prints the figures of DESIGN §7 that exist so far, and writes them to build/bench.json. About three minutes.

All of it runs on this machine: hub, publisher and subscriber share its cores. Ratios are taken in one run. Fails unless the hub
says ``synchronous=FULL``, its log grew by every counted message, every receipt verifies and every order has a handler record.
"""

import json
import os
import platform
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import blocks, raw, sdk, watch
from tests.bench.echo import echo
from tests.bench.world import status, world
from tocsin import loop
from tocsin.crypto.ed25519 import Ed25519Signer, verify

E2E, SDK, UNARY, URGENT, FLOOD = 12_000, 4_000, 1_000, 250, 50_000
BARS = {"e2e_vs_verify": 0.20, "sdk_vs_verify": 0.10}
"""The least that this release must reach; the goals stand in DESIGN §7."""


def verify_rate(seconds: float = 1.5) -> float:
    """Strict verifications of a usual message per second on one core."""
    signer, data = Ed25519Signer(os.urandom(32)), os.urandom(700)
    signature, count, started = signer.sign(data), 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        for _ in range(100):
            verify(signer.public_key, data, signature)
        count += 100
    return count / (time.perf_counter() - started)


async def measure(console: Console) -> dict[str, float]:
    """All figures."""
    figures: dict[str, float] = {}
    async with world() as here:
        rates = [verify_rate()]
        with console.status("e2e: raw member, no files") as spinner:
            await raw.e2e(here, 1_000, 0)
            figures["e2e_per_s"] = await raw.e2e(here, E2E, 1_000)
            rates.append(verify_rate())
            spinner.update("unary publishes and an mTLS echo")
            figures["unary_per_s"] = await raw.unary(here, UNARY, 100_000)
            figures["echo_per_s"] = await echo(here, UNARY * 2)
        with console.status("urgent orders, idle"):
            drained = sdk.urgent(here, URGENT, 200_000, load=0)
            idle = await drained
        with console.status("sdk: outbox, inbox, handler, report"):
            figures["sdk_per_s"] = await sdk.throughput(here, SDK, 300_000)
        with console.status("urgent orders under load"):
            loaded = await sdk.urgent(here, URGENT, 400_000, load=FLOOD)
        rates.append(verify_rate())
        hub = status(here.hub_dir)
    async with world() as here:
        with console.status("blocks of domains"):
            figures |= await blocks.measure(here)
        with console.status("watchlist of a million entries, a few minutes"):
            figures |= await watch.measure(here)
    figures["verify_per_s"] = sorted(rates)[1]
    figures["e2e_vs_verify"] = figures["e2e_per_s"] / figures["verify_per_s"]
    figures["sdk_vs_verify"] = figures["sdk_per_s"] / figures["verify_per_s"]
    figures["unary_vs_echo"] = figures["unary_per_s"] / figures["echo_per_s"]
    figures["urgent_p50_ms"], figures["urgent_p99_ms"] = sdk.percentile(idle, 0.5), sdk.percentile(idle, 0.99)
    figures["urgent_p99_loaded_ms"] = sdk.percentile(loaded, 0.99)
    figures["urgent_p50_loaded_ms"] = sdk.percentile(loaded, 0.5)
    counted = 1_000 + E2E + UNARY + SDK + 2 * URGENT
    if hub["synchronous"] != "FULL" or int(str(hub["log_size"])) < counted:
        sys.exit(
            f"the hub is not what was measured: synchronous={hub['synchronous']}, log {hub['log_size']} of at least {counted}"
        )
    return figures


def main() -> None:
    console = Console()
    console.print(
        "Measuring on this machine; about three minutes. Ratios of one run are what counts, the rest is its speed."
    )
    figures = loop.run(measure(console))
    table = Table("figure", "value", "bar")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.3f}" if value < 10 else f"{value:,.0f}", str(BARS.get(name, watch.BARS.get(name, ""))))
    console.print(table)
    target = Path("build/bench.json")
    target.parent.mkdir(exist_ok=True)
    target.write_text(
        json.dumps({"figures": figures, "python": platform.python_version(), "cores": os.cpu_count()}, indent=1) + "\n"
    )
    console.print(f"written to {target}")
    missed = [name for name, bar in BARS.items() if figures[name] < bar]
    missed += [name for name, bar in watch.BARS.items() if figures[name] > bar]
    if missed:
        sys.exit(f"below the bar: {', '.join(missed)}")


if __name__ == "__main__":
    main()
