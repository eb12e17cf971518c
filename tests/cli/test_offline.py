"""What needs no hub: schema, profile, verify, the shape of the command, its words."""

import base64
import dataclasses
import json
import string
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.cli.conftest import ROOT
from tocsin.cli import words
from tocsin.cli.group import hoist
from tocsin.cli.main import app
from tocsin.cli.program import environment, hidden
from tocsin.core.checkpoint import Checkpoint, log_origin, sign_note
from tocsin.core.errors import BusError
from tocsin.core.leaf import Leaf
from tocsin.core.merkle import leaf_hash, root_of
from tocsin.core.orders.report import Outcome
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.gateway.reports import answer_of, read_answer
from tocsin.results import Executed, Refused

SIGNER = Ed25519Signer(bytes(range(32)))
ORIGIN = log_origin("tocsin.example", 1)


def run(*args: str, lang: str = "en") -> Any:
    return CliRunner().invoke(app, ["--lang", lang, *args], env={"TOCSIN_IDENTITY": None})


def test_options_of_the_root_may_stand_behind_the_verb() -> None:
    moved = hoist(["orders", "list", "--json", "--identity", "x", "--lang=zh"])
    assert moved == ["--json", "--identity", "x", "--lang=zh", "orders", "list"]
    assert hoist(["a", "--", "--json"]) == ["a", "--", "--json"]
    assert hoist(["a", "--identity"]) == ["--identity", "a"]


def test_both_languages_have_the_same_words_with_the_same_places() -> None:
    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert words.EN.keys() == words.ZH.keys()
    assert [key for key in words.EN if places(words.EN[key]) != places(words.ZH[key])] == []


def test_the_version_needs_nothing_of_the_bus() -> None:
    code = (
        "import sys; from tocsin.cli.main import app\n"
        "try: app(['--version'])\n"
        "except SystemExit: pass\n"
        "sys.exit(any(m.startswith(('grpc', 'google.protobuf', 'cryptography', 'tocsin.client')) for m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": f"{ROOT}/sdk"}, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "tocsin 0.1.0\n"), done.stderr


def test_a_missing_identity_names_the_option_and_exits_2() -> None:
    for lang, said in (("en", "--identity DIR"), ("zh", "身份目录")):
        result = run("orders", "list", lang=lang)
        assert result.exit_code == 2
        assert said in result.stderr


def test_schema_prints_the_kinds_and_each_schema() -> None:
    assert "stop-payment" in run("schema").stdout.splitlines()
    made = json.loads(run("schema", "report", "--body").stdout)
    assert made["properties"].keys() >= {"outcome", "held", "balance", "reason"}
    assert "header" not in made["properties"]
    assert run("schema", "no-such").exit_code == 2


def test_profile_marks_what_was_not_verified() -> None:
    made = json.loads(run("--json", "profile", "show", "cn").stdout)
    by_name = {one["limit"]: one for one in made["limits"]}
    assert by_name["stop-term"] == {**by_name["stop-term"], "value": "48h", "mark": "V", "verified": True}
    assert by_name["freeze-term"]["verified"] is False
    assert made["in_force"] is False
    assert "UNVERIFIED" in run("profile", "show", "cn").stdout
    assert "未经核实" in run("profile", "show", "cn", lang="zh").stdout
    assert run("profile", "show", "xx").exit_code == 3


# --- verify


def leaves(count: int) -> list[bytes]:
    return [
        Leaf(
            accepted_us=1_000 + i, directory_version=1 + i // 2, directory_head=bytes([i // 2]) * 32, commitment=bytes([i]) * 32
        ).encode()
        for i in range(count)
    ]  # fmt: skip


def export(content: list[bytes], *, key: bytes = SIGNER.public_key, size: int | None = None) -> list[str]:
    checkpoint = Checkpoint(ORIGIN, len(content) if size is None else size, root_of([leaf_hash(one) for one in content]))
    note = sign_note(checkpoint, ORIGIN, SIGNER.public_key, SIGNER.sign)
    rows = [{"format": "tocsin-log-1", "origin": ORIGIN, "log_key": key.hex()}]
    rows += [{"leaf": base64.b64encode(one).decode()} for one in content]
    rows.append({"checkpoint": base64.b64encode(note).decode()})
    return [json.dumps(row) for row in rows]


def written(tmp_path: Path, lines: list[str]) -> str:
    file = tmp_path / "export"
    file.write_text("".join(f"{line}\n" for line in lines))
    return str(file)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_true_export_holds(tmp_path: Path, count: int) -> None:
    file = written(tmp_path, export(leaves(count)))
    result = json.loads(run("--json", "verify", file).stdout)
    assert (result["holds"], result["size"], result["key_trusted"]) == (True, count, False)
    pinned = run("verify", file, "--log-key", SIGNER.public_key.hex())
    assert pinned.exit_code == 0
    assert "HOLDS: 6" in pinned.stdout
    assert "核验通过" in run("verify", file, lang="zh").stdout
    assert "compare it with one you trust" in run("verify", file).stdout


def swapped(lines: list[str]) -> list[str]:
    return [lines[0], lines[2], lines[1], *lines[3:]]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: lines[:-1],
        lambda lines: [*lines, lines[1]],
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: lines[1:],
        lambda lines: ["not json", *lines],
        lambda lines: [lines[0].replace("tocsin-log-1", "tocsin-log-2"), *lines[1:]],
        lambda lines: [lines[0].replace("example/1", "example/2"), *lines[1:]],
        lambda lines: [lines[0], lines[1].replace('"leaf"', '"leaves"'), *lines[2:]],
        lambda lines: [lines[0], lines[1], lines[1], *lines[3:]],
        lambda lines: [*lines[:-1], json.dumps({"checkpoint": "????"})],
        swapped,
    ],
)
def test_a_spoilt_export_does_not_hold(tmp_path: Path, spoil: Callable[[list[str]], list[str]]) -> None:
    result = run("--json", "verify", written(tmp_path, spoil(export(leaves(4)))))
    assert result.exit_code == 1
    assert json.loads(result.stdout)["holds"] is False


def test_another_key_than_the_trusted_one_does_not_hold(tmp_path: Path) -> None:
    other = Ed25519Signer(bytes(32)).public_key
    assert run("verify", written(tmp_path, export(leaves(2))), "--log-key", other.hex()).exit_code == 1
    assert run("verify", written(tmp_path, export(leaves(2), key=other))).exit_code == 1
    assert run("verify", written(tmp_path, export(leaves(2))), "--log-key", "zz").exit_code == 2


# --- answers of programs


def test_an_answer_of_a_program_is_read_strictly() -> None:
    done = read_answer(b'{"outcome": "done", "held": {"amount": "5.00", "currency": "CNY"}, "reason": "r"}\n')
    assert isinstance(done, Executed)
    assert (done.held.to_text() if done.held else "", done.note) == ("5.00 CNY", "r")
    refused = read_answer(b'{"outcome": "mismatch"}')
    assert isinstance(refused, Refused)
    assert refused.outcome is Outcome.MISMATCH


@pytest.mark.parametrize(
    "printed",
    [
        b"", b"all good", b"[]", b'"done"', b'{"outcome": "perhaps"}', b'{"outcome": "lapsed"}', b"{}", b"\xff", b"[" * 60_000,
        b'{"outcome": "done", "held": 5}', b'{"outcome": "done", "held": NaN}', b'{"outcome": "done"}{"outcome": "done"}',
        b'{"outcome": "done", "more": 1}', b'{"outcome": "mismatch", "held": {"amount": "5.00", "currency": "CNY"}}',
        b'{"outcome": "done", "expires_at": "2026-11-23T14:02:11Z"}',
    ],
)  # fmt: skip
def test_rubbish_is_no_answer(printed: bytes) -> None:
    with pytest.raises((ValueError, BusError)):
        read_answer(printed)


def test_every_outcome_but_lapsed_can_be_answered() -> None:
    for outcome in Outcome:
        name = outcome.name.lower().replace("_", "-")
        if outcome is Outcome.LAPSED:
            with pytest.raises(BusError):
                answer_of(name, held=None, balance=None, available=None, note="")
        else:
            assert answer_of(name, held=None, balance=None, available=None, note="").outcome is outcome


def test_long_digit_strings_are_hidden_and_the_end_is_kept() -> None:
    assert hidden("card 6222 0200 0000 0015\nis wrong") == "card … is wrong"
    assert hidden("+8613800000000 at line 12") == "+… at line 12"
    assert len(hidden("x" * 1000)) == 300


def test_the_environment_of_a_program_is_a_list_of_what_is_allowed() -> None:
    own = {"PATH": "p", "LC_ALL": "C", "TOCSIN_PASSPHRASE_FILE": "f", "CREDENTIALS_DIRECTORY": "d", "DSN": "x"}
    assert environment([], own) == {"PATH": "p", "LC_ALL": "C"}
    assert environment(["DSN"], own) == {"PATH": "p", "LC_ALL": "C", "DSN": "x"}


def test_a_new_kind_of_order_has_its_verb_without_an_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    from tocsin.core import message
    from tocsin.core.measure import MeasureOrder
    from tocsin.core.money import Money
    from tocsin.core.orders.stop_payment import StopScope

    monkeypatch.setattr(message, "KINDS", dict(message.KINDS))
    monkeypatch.setattr(message, "BY_PAYLOAD_TYPE", dict(message.BY_PAYLOAD_TYPE))

    class BlockNumber(MeasureOrder):
        """Block a telephone number."""

        scope: StopScope = StopScope.AMOUNT
        ceiling: Money | None = None
        seen_us: int = 0
        carriers: tuple[str, ...] = ()
        note: str = message.private()

    made = dataclasses.dataclass(frozen=True, kw_only=True)(BlockNumber)
    kind = message.Kind(
        name="block-number", cls=made, nature=message.Nature.ORDER, version="v1", starts_thread=True, follows=()
    )
    message.KINDS["block-number"] = kind
    assert "block-number" in run("send", "--help").stdout
    told = run("send", "block-number", "--help").stdout
    for option in ("--account", "--scope", "--ceiling", "--seen", "--carriers", "--note", "--contact", "--wait"):
        assert option in told
    assert "--thread" not in told
