"""``join``, ``directory``, ``doctor``, and the log of a real hub."""

import json
from pathlib import Path

from typer.testing import CliRunner

from tests.cli.conftest import BANK, POLICE, Bench
from tocsin.cli.main import app


def test_join_writes_an_identity_and_shows_the_fingerprint_the_hub_has(bench: Bench, tmp_path: Path) -> None:
    code = bench.do(bench.hub.invite("bank.ccb", role="bank", serves=["card:16:621700"])).encode()
    path = bench.path / "bank.ccb.identity"
    options = ["--passphrase-file", str(bench.passphrase), "--json"]
    joined = CliRunner().invoke(app, [*options, "join", "-", "--identity", str(path), "--agent", "core-1"], input=code)
    assert joined.exit_code == 0, joined.output
    told = json.loads(joined.stdout)
    assert told.keys() == {"party", "bus", "fingerprint", "identity", "agent", "directory_version"}
    assert told["directory_version"] > 0
    (party,) = [one for one in bench.json("bank.ccb", "directory", "list")["parties"] if one["party"] == "bank.ccb"]
    assert party.keys() == {"party", "display_name", "role", "region", "state", "accepts", "ranges", "keys"}
    assert told["fingerprint"] in {key["fingerprint"] for key in party["keys"]}
    assert (party["state"], party["ranges"]) == ("member", 1)
    again = CliRunner().invoke(app, [*options, "join", code, "--identity", str(path)])
    assert again.exit_code == 2
    elsewhere = CliRunner().invoke(app, [*options, "join", code, "--identity", str(tmp_path / "other")])
    assert elsewhere.exit_code == 3
    assert json.loads(elsewhere.stdout)["error"]["reason"] == "JOIN_CODE_USED"
    assert not (tmp_path / "other").exists()


def test_a_spoilt_join_code_makes_nothing(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "identity"
    result = CliRunner().invoke(app, ["--identity", str(path), "join", "TOCSIN1-AAAAA"])
    assert result.exit_code == 3
    assert not path.exists()


def test_a_join_code_that_a_newer_one_replaced_is_said_to_be_out_of_date(bench: Bench, tmp_path: Path) -> None:
    first, second = (bench.do(bench.hub.invite("bank.twice", role="bank")).encode() for _ in range(2))
    path = bench.path / "bank.twice.identity"
    options = ["--passphrase-file", str(bench.passphrase), "--json", "--identity"]
    refused = CliRunner().invoke(app, [*options, str(tmp_path / "identity"), "join", first])
    assert refused.exit_code == 3
    assert json.loads(refused.stdout)["error"]["reason"] == "JOIN_CODE_EXPIRED"
    assert not (tmp_path / "identity").exists()
    assert CliRunner().invoke(app, [*options, str(path), "join", second]).exit_code == 0


def test_directory_is_read_from_the_disk_and_fetched_on_demand(bench: Bench) -> None:
    before = bench.json(POLICE, "directory", "list")["version"]
    bench.do(bench.hub.invite("bank.abc", role="bank"))
    assert bench.json(POLICE, "directory", "list")["version"] == before
    fetched = bench.json(POLICE, "directory", "list", "--fetch")
    assert fetched["version"] > before
    assert "bank.abc" in {one["party"] for one in fetched["parties"]}
    assert "公安机关" in bench.run(POLICE, "directory", "list", lang="zh").stdout


def test_doctor_finds_all_in_order_on_a_working_machine(bench: Bench) -> None:
    found = bench.json(BANK, "doctor")
    assert [one.keys() for one in found] == [{"check", "level", "facts", "reason"}] * len(found)
    levels = {one["check"]: one["level"] for one in found}
    assert levels.keys() == {
        "identity", "clock", "hub", "tls", "disk", "fsync", "versions", "directory", "outbox", "inbox",
    }  # fmt: skip
    assert {levels[check] for check in ("identity", "clock", "hub", "tls", "versions")} == {"ok"}
    (listed,) = [one["facts"]["profiles"] for one in found if one["check"] == "directory"]
    assert listed == "cn generic"  # where PROFILE_UNKNOWN sends people
    said = bench.run(BANK, "doctor", lang="zh").stdout
    assert "本机时钟与总线时钟之差" in said


def test_doctor_says_what_a_wrong_passphrase_is(bench: Bench, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not the passphrase")
    options = ["--identity", str(bench.path / f"{BANK}.identity"), "--passphrase-file", str(wrong), "--json"]
    result = CliRunner().invoke(app, [*options, "doctor"])
    assert result.exit_code == 1
    first = json.loads(result.stdout)[0]
    assert (first["check"], first["level"], first["reason"]) == ("identity", "fail", "PASSPHRASE_WRONG")


def test_lists_need_no_passphrase(bench: Bench) -> None:
    for verb in (["orders", "list"], ["outbox", "list"], ["directory", "list"], ["profile", "show", "cn"]):
        result = CliRunner().invoke(app, ["--identity", str(bench.path / f"{BANK}.identity"), *verb])
        assert result.exit_code == 0, result.output
