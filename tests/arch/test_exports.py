"""What ``import tocsin`` gives: a sorted list of names that all exist, at a cost a command can bear."""

import json
import subprocess
import sys

import tocsin

BUDGET_MS = 250
"""DESIGN §7: import of the SDK."""

FACTOR = 3
"""Other tests run beside this one on a small machine; a module loaded by mistake (the hub, pytest's own) costs more."""

MEASURE = """
import json, sys, time
start = time.perf_counter()
import tocsin
bare = set(sys.modules)
from tocsin import Participant
print(json.dumps({
    "ms": (time.perf_counter() - start) * 1000,
    "bare": [name for name in ("grpc", "google.protobuf", "cryptography", "asyncio", "sqlite3") if name in bare],
    "loaded": [name for name in ("tocsin_hub", "aiosqlite", "structlog", "prometheus_client", "typer") if name in sys.modules],
}))
"""


def measured() -> dict[str, object]:
    """One import in a process of its own."""
    ended = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, timeout=60, check=True)
    found: dict[str, object] = json.loads(ended.stdout)
    return found


def test_the_public_names_are_sorted_and_exist() -> None:
    assert tocsin.__all__ == sorted(set(tocsin.__all__))
    for name in tocsin.__all__:
        assert getattr(tocsin, name).__name__ == name


def test_each_public_name_comes_from_where_its_type_checker_finds_it() -> None:
    assert set(tocsin._HOME) == set(tocsin.__all__)
    for name, home in tocsin._HOME.items():
        assert getattr(tocsin, name).__module__ == home


def test_importing_the_package_loads_nothing_heavy_and_using_it_nothing_of_the_hub() -> None:
    found = measured()
    assert found["bare"] == []
    assert found["loaded"] == []


def test_the_sdk_is_imported_within_its_budget() -> None:
    best = min(float(str(measured()["ms"])) for _ in range(3))
    assert best < BUDGET_MS * FACTOR, f"{best:.0f} ms"
