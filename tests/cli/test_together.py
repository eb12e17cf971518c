"""Several processes on one identity; the end of a measure; the log as the operator exports it; signals."""

import asyncio
import contextlib
import fcntl
import json
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.cli.conftest import BANK, POLICE, Bench
from tocsin.cli.program import NoAnswer, Program
from tocsin.results import Lapsed
from tocsin_hub.cli.app import app as hub_app

PROGRAM = Path(__file__).with_name("program.py")
LAPSED = Lapsed(
    thread_id="01890a5d-ac96-774b-bcce-b302099a8057", kind="freeze", ends_at=datetime(2026, 11, 23, tzinfo=UTC), repeat=False
)


def receiving(lock: Path) -> None:
    """Returns once another process receives for the identity."""
    for _ in range(2_000):
        with contextlib.suppress(FileNotFoundError), lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return
            fcntl.flock(file, fcntl.LOCK_UN)
        time.sleep(0.01)
    raise AssertionError("nobody receives")


def test_a_sender_learns_the_outcome_that_the_listener_of_its_identity_received(bench: Bench) -> None:
    bank = bench.start(BANK, "listen", "--exec", f"{sys.executable} -S {PROGRAM} {bench.path / 'calls'}")
    police = bench.start(POLICE, "--json", "listen")
    try:
        assert "listening" in police.error_line()
        receiving(bench.path / f"{POLICE}.identity" / "subscriber.lock")  # else the sender itself receives the report
        sent = bench.stop_payment("--reason", "done", "--wait", "20s")
        event = json.loads(police.line())
    finally:
        ends = police.end(), bank.end()
    assert [code for code, _, _ in ends] == [0, 0]
    assert sent["result"]["outcome"] == "done"
    assert (event["event"], event["kind"], event["thread_id"]) == ("report", "report", sent["order"])
    (row,) = [row for row in bench.json(POLICE, "orders", "list") if row["id"] == sent["order"]]
    assert row["measure"] == "in-force"


def test_a_listener_that_finds_the_mailbox_taken_receives_when_it_is_free(bench: Bench) -> None:
    first = bench.start(BANK, "--json", "listen")
    second = None
    try:
        one = bench.stop_payment()["order"]
        assert json.loads(first.line())["message_id"] == one  # it holds the mailbox
        second = bench.start(BANK, "--json", "listen")
        assert json.loads(second.line())["message_id"] == one  # from the file they share
        while "another process" not in (line := second.error_line()):
            assert line, "the second listener has ended"
        assert first.end()[0] == 0
        two = bench.stop_payment()["order"]
        assert json.loads(second.line())["message_id"] == two
    finally:
        first.end()
        if second is not None:
            second.end()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 0)])
def test_signals_drain_a_listener(bench: Bench, number: signal.Signals, code: int) -> None:
    listener = bench.start(POLICE, "listen")
    assert "listening" in listener.error_line()
    listener.process.send_signal(number)
    ended, _, log = listener.end()
    assert ended == code
    assert "stopped" in log
    assert "Traceback" not in log


def test_a_listener_told_to_stop_lets_a_program_finish_and_sends_its_report(bench: Bench) -> None:
    calls = bench.path / "slow"
    calls.touch()
    bank = bench.start(BANK, "listen", "--exec", f"{sys.executable} -S {PROGRAM} {calls}")
    order = bench.stop_payment("--reason", "slow")["order"]
    while order not in calls.read_text():
        assert bank.process.poll() is None
    code, _, log = bank.end()
    assert code == 0
    assert "stopped" in log
    assert bench.json(BANK, "orders", "show", order)["state"] == "done"
    assert bench.json(BANK, "outbox", "flush")["left"] == 0
    assert bench.run(POLICE, "orders", "follow", order, "--timeout", "20s").exit_code == 0


def test_an_interrupted_follower_leaves_without_a_traceback(bench: Bench) -> None:
    order = bench.stop_payment()["order"]
    follower = bench.start(POLICE, "orders", "follow", order)
    assert "stop-payment" in follower.line()
    follower.process.send_signal(signal.SIGINT)
    _, err = follower.process.communicate(timeout=30)
    assert follower.process.returncode == 130
    assert "Traceback" not in err


def test_the_end_of_a_measure_is_handed_to_the_program(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    program = Program(argv=[sys.executable, "-S", str(PROGRAM), str(calls)], timeout=10, max_attempts=2, env={})
    asyncio.run(program.lapsed(LAPSED))
    (run,) = [json.loads(line) for line in calls.read_text().splitlines()]
    assert run["task"] == {
        "kind": "lapsed", "thread_id": LAPSED.thread_id, "instrument": "freeze", "repeat": False,
        "idempotency_key": f"{LAPSED.thread_id}/lapsed", "ends_at": "2026-11-23T00:00:00.000000Z",
    }  # fmt: skip


@pytest.mark.parametrize("argv", [["false"], ["/nowhere/program"], [sys.executable, "-S", "-c", "print('x' * 100_000); exit(3)"]])
def test_an_end_the_program_does_not_take_is_told_again(argv: list[str]) -> None:
    program = Program(argv=argv, timeout=10, max_attempts=2, env={"PATH": "/usr/bin:/bin"})
    with pytest.raises(NoAnswer):
        asyncio.run(program.lapsed(LAPSED))


def test_the_operators_export_of_the_log_holds_under_the_key_of_the_join(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "log"
    options = ["--dir", str(bench.path / "hub"), "--passphrase-file", str(bench.passphrase)]
    exported = CliRunner().invoke(hub_app, ["log", "export", str(file), *options])
    assert exported.exit_code == 0, exported.output
    verified = bench.json(POLICE, "verify", str(file))
    assert (verified["holds"], verified["key_trusted"]) == (True, True)
    assert verified["size"] >= 16
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], *lines[2:]]))
    assert bench.json(POLICE, "verify", str(file), code=1)["error"]["reason"] == "PROOF_INVALID"
