"""Time comes from ``tocsin.clock`` alone; core and domain take time, chance and files from nobody.

Import contracts cannot see this: ``datetime`` and ``uuid`` are wanted as types.
"""

import pytest

from tests.arch.tree import HUB, ROOT, SDK, references, sources

CLOCK = SDK / "clock.py"
TIME = (
    "asyncio.sleep", "datetime.date.today", "datetime.datetime.now", "datetime.datetime.today", "datetime.datetime.utcnow",
    "time",
)  # fmt: skip
CHANCE = ("os.urandom", "random", "secrets", "uuid.uuid1", "uuid.uuid4", "uuid.uuid6", "uuid.uuid7", "uuid.uuid8")
EFFECTS = ("builtins.open", "builtins.print", "builtins.input", "io.open", "os", "pathlib")


def banned(source: str, names: tuple[str, ...]) -> list[str]:
    """Which of ``names``, or of what lies below them, ``source`` refers to, with the lines."""
    return sorted({
        f"{line}: {name}" for line, name in references(source) if any(name == one or name.startswith(f"{one}.") for one in names)
    })  # fmt: skip


def test_only_the_clock_asks_the_machine_for_the_time():
    found = {str(path.relative_to(ROOT)): banned(path.read_text(), TIME) for path in sources(SDK, HUB) if path != CLOCK}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_core_and_domain_neither_draw_at_random_nor_touch_the_machine():
    found = {
        str(path.relative_to(ROOT)): banned(path.read_text(), TIME + CHANCE + EFFECTS)
        for path in sources(SDK / "core", HUB / "domain")
    }
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.monotonic()",
        "import time as t\nt.time_ns()",
        "from time import sleep as pause\npause(1)",
        "import asyncio\nasync def f():\n    await asyncio.sleep(1)",
        "from asyncio import sleep",
        "from datetime import UTC, datetime\ndatetime.now(UTC)",
        "import datetime as dt\nclock = dt.datetime.utcnow",
        "def f():\n    from time import time\n    return time()",
        "import uuid\nuuid.uuid4()",
        "import os\ndef f(random=os.urandom): ...",
        "from random import SystemRandom",
        "import secrets\nsecrets.token_bytes(8)",
        "open('x')",
        "from pathlib import Path",
    ],
)
def test_a_planted_use_is_found(source):
    assert banned(source, TIME + CHANCE + EFFECTS)


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\ndef f(now: datetime): return now.astimezone()",
        "import uuid\nuuid.UUID(int=0)",
        "def f(time, clock): return time + clock.now_us()",
        "from importlib import resources\nresources.files('x').joinpath('y').read_text()",
        "class A:\n    def open(self): return self.random(8)",
    ],
)
def test_what_is_passed_in_is_not_mistaken_for_the_machine(source):
    assert banned(source, TIME + CHANCE + EFFECTS) == []
