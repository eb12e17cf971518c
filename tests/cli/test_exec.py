"""``listen --exec``: what a program's run becomes. One listener serves the module; an order's reason tells what to do."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import BANK, POLICE, Bench, Command

PROGRAM = Path(__file__).with_name("program.py")


@pytest.fixture(scope="module")
def calls(bench: Bench) -> Path:
    return bench.path / "calls"


@pytest.fixture(scope="module")
def listener(bench: Bench, calls: Path) -> Iterator[Command]:
    command = bench.start(
        BANK, "listen", "--exec", f"{sys.executable} -S {PROGRAM} {calls}", "--max-attempts", "2", "--timeout", "10s",
        "--env", "BANK_DSN", env={"TOCSIN_PASSPHRASE_FILE": str(bench.passphrase), "BANK_DSN": "x", "SECRET": "y"},
    )  # fmt: skip
    assert "listening" in command.error_line()
    yield command
    code, _, log = command.end()
    assert code == 0, log
    assert "stopped" in log


def of_order(calls: Path, order: str) -> list[dict[str, Any]]:
    runs = [json.loads(line) for line in calls.read_text().splitlines()]
    return [run for run in runs if run["task"].get("message_id") == order]


def until(command: Command, found: Callable[[str], bool]) -> str:
    """The first line of the log that fits."""
    while not found(line := command.error_line()):
        assert line, "the listener has ended"
    return line


def parked(bench: Bench, order: str) -> Any:
    for _ in range(200):
        for row in bench.json(BANK, "orders", "list", "--state", "parked"):
            if row["id"] == order:
                return row
    raise AssertionError("not parked")


def test_a_program_that_is_not_there_is_told_before_any_order_comes(bench: Bench) -> None:
    said = bench.run(BANK, "listen", "--exec", "./no-such-program --fast")
    assert said.exit_code == 2
    assert "a program that is there and may be run" in said.stderr


def test_a_valid_report_on_exit_0_is_the_answer(bench: Bench, listener: Command, calls: Path) -> None:
    sent = bench.stop_payment("--reason", "done", "--wait", "20s")
    assert sent["state"] == "accepted"
    result = sent["result"]
    assert (result["state"], result["outcome"], result["note"]) == ("executed", "done", "by program")
    assert result["held"] == {"amount": "50000.00", "currency": "CNY"}
    (run,) = of_order(calls, sent["order"])
    assert run["task"].keys() == {
        "kind", "message_id", "idempotency_key", "thread_id", "attempt", "repeat", "exercise", "accepted_at", "started_at",
        "ends_at", "order",
    }  # fmt: skip
    assert run["task"]["order"]["holder"] == "张三"
    assert (run["task"]["attempt"], run["task"]["repeat"]) == (1, False)


def test_a_program_gets_no_secret_in_its_environment(bench: Bench, listener: Command, calls: Path) -> None:
    sent = bench.stop_payment("--reason", "done", "--wait", "20s")
    (run,) = of_order(calls, sent["order"])
    assert "PATH" in run["env"]
    assert "BANK_DSN" in run["env"]
    assert not {"SECRET", "TOCSIN_PASSPHRASE_FILE", "TOCSIN_IDENTITY", "CREDENTIALS_DIRECTORY"} & set(run["env"])


def test_a_refusal_is_a_report_too_and_exits_3(bench: Bench, listener: Command) -> None:
    sent = bench.stop_payment("--reason", "mismatch", "--wait", "20s", code=3)
    assert sent["result"] == {"state": "refused", "outcome": "mismatch", "late": False, "note": "another name"}


def test_exit_75_is_asked_again_and_says_it_is_a_repeat(bench: Bench, listener: Command, calls: Path) -> None:
    sent = bench.stop_payment("--reason", "retry", "--wait", "30s")
    assert sent["result"]["state"] == "executed"
    first, second = of_order(calls, sent["order"])
    assert (first["task"]["attempt"], first["task"]["repeat"]) == (1, False)
    assert (second["task"]["attempt"], second["task"]["repeat"]) == (2, True)
    assert first["task"]["idempotency_key"] == second["task"]["idempotency_key"]
    assert first["task"]["started_at"] == second["task"]["started_at"]


@pytest.mark.parametrize(
    ("how", "why"), [("crash", "exit 1"), ("rubbish", "without a valid report"), ("hang", "longer than 10 s")]
)
def test_no_answer_is_never_a_refusal_and_is_left_to_a_person(
    bench: Bench, listener: Command, calls: Path, how: str, why: str
) -> None:
    sent = bench.stop_payment("--reason", how)
    lines = [until(listener, lambda line: sent["order"] in line) for _ in range(2)]
    assert all(why in line for line in lines)
    parked(bench, sent["order"])
    assert len(of_order(calls, sent["order"])) == 2
    pending = bench.run(POLICE, "--json", "orders", "follow", sent["order"], "--timeout", "1s")
    assert pending.exit_code == 75
    assert '"refused"' not in pending.stdout


def test_what_a_program_says_of_its_failure_shows_no_account(bench: Bench, listener: Command) -> None:
    sent = bench.stop_payment("--reason", "crash")
    line = until(listener, lambda line: sent["order"] in line)
    assert "not in cache" in line
    assert "622202000" not in line


def test_an_order_given_up_is_answered_by_hand_while_the_listener_runs(bench: Bench, listener: Command) -> None:
    sent = bench.stop_payment("--reason", "rubbish")
    for _ in range(2):
        until(listener, lambda line: sent["order"] in line)
    parked(bench, sent["order"])
    other = bench.start(BANK, "listen")
    shown = [other.line()]
    while sent["order"] not in shown[-1]:  # a person who looks in is told of it
        assert shown[-1], shown
        shown.append(other.line())
    assert other.end()[0] == 0
    answered = bench.json(BANK, "orders", "answer", sent["order"], "--outcome", "done", "--held", "50000 CNY")
    assert answered["state"] == "accepted"
    assert answered["kind"] == "report"
    followed = bench.run(POLICE, "--json", "orders", "follow", sent["order"], "--timeout", "20s")
    assert followed.exit_code == 0
    result = [json.loads(line) for line in followed.stdout.splitlines()]
    assert result[-2]["result"]["outcome"] == "done"
    assert result[-1]["measure"]["state"] == "in-force"
    again = bench.run(BANK, "orders", "answer", sent["order"], "--outcome", "done")
    assert again.exit_code == 3


def test_a_drill_reaches_the_program_only_on_demand(bench: Bench, listener: Command, calls: Path) -> None:
    sent = bench.stop_payment("--reason", "done", "--exercise", "--wait", "20s", code=3)
    assert sent["result"]["outcome"] == "unsupported"
    assert of_order(calls, sent["order"]) == []


def test_followers_reach_the_program_in_their_thread(bench: Bench, listener: Command, calls: Path) -> None:
    stop = bench.stop_payment("--reason", "done", "--wait", "20s")
    for verb in ("extend", "release"):
        sent = bench.json(POLICE, "send", verb, "--thread", stop["order"], "--wait", "20s")
        assert sent["thread"] == stop["order"]
        said = bench.run(POLICE, "orders", "show", stop["order"]).stdout
        assert ("\nend: " in said) is (verb == "extend")  # what is released has no end to come
        assert sent["result"]["state"] == "executed"
        (run,) = of_order(calls, sent["order"])
        assert run["task"]["thread_id"] == stop["order"]
