"""What the operator's command says when something is in the way: the operator's words, not a member's."""

import asyncio
import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tocsin.testing import LocalHub
from tocsin.testing.hub import PASSPHRASE
from tocsin_hub.cli.app import app


@pytest.fixture
async def hub_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub that ran once and is down, and the passphrase where the command finds it."""
    async with LocalHub(tmp_path):
        pass
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    monkeypatch.setenv("TOCSIN_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    monkeypatch.setenv("TOCSIN_LANG", "en")
    return tmp_path / "hub"


@pytest.mark.parametrize("stale_socket", [False, True])
def test_a_hub_that_is_down_is_named_as_such(
    hub_directory: Path, stale_socket: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if stale_socket:  # what a kill -9 leaves behind
        (hub_directory / "admin.sock").touch()
    said = CliRunner().invoke(app, ["status", "--dir", str(hub_directory)])
    assert said.exit_code == 3
    assert said.stderr.startswith("No hub answers on this directory.")
    monkeypatch.setenv("TOCSIN_LANG", "zh")
    told = json.loads(CliRunner().invoke(app, ["status", "--json", "--dir", str(hub_directory)]).stdout)["error"]
    assert told["reason"] == "HUB_UNREACHABLE"
    assert told["text"].startswith("该目录上没有总线应答")


def test_a_database_without_its_anchor_never_serves_and_the_command_says_what_to_put_back(hub_directory: Path) -> None:
    (hub_directory / "anchor.bin").unlink()
    kept = (hub_directory / "hub.db").read_bytes()
    for _ in range(2):
        command = [sys.executable, "-m", "tocsin_hub.cli.main", "serve", str(hub_directory)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == 2
        assert "Put back the newest database, and the anchor" in ended.stderr
        assert "Traceback" not in ended.stderr
    assert (hub_directory / "hub.db").read_bytes() == kept


async def test_a_replay_beside_a_running_hub_is_told_to_wait(hub_directory: Path) -> None:
    async with LocalHub(hub_directory.parent):
        said = await asyncio.to_thread(CliRunner().invoke, app, ["replay", "--verify", "--dir", str(hub_directory)])
    assert said.exit_code == 2
    assert "Stop the hub first." in said.stderr


def test_a_taken_port_is_named_with_its_entry_and_nothing_stays_open(hub_directory: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        config = hub_directory / "hub.toml"
        text = re.sub('listen = "[^"]*"', 'listen = "127.0.0.1:0"', config.read_text())
        taken = f'metrics_listen = "127.0.0.1:{other.getsockname()[1]}"'
        for entry in ("metrics_listen", "enrol_listen", "listen"):
            wrong = re.sub(f"(?m)^{entry} = .*", taken.replace("metrics_listen", entry), text)
            config.write_text(wrong.replace('metrics_listen = "127.0.0.1:0"', 'metrics_listen = ""'))
            command = [sys.executable, "-m", "tocsin_hub.cli.main", "serve", str(hub_directory)]
            ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert ended.returncode == 2, entry
            assert "add_port" not in ended.stderr
            assert f"hub.toml: {entry} does not fit. Rule: an address of this machine" in ended.stderr
            assert "Traceback" not in ended.stderr


async def test_without_the_governance_key_nobody_is_admitted_and_the_command_asks_for_its_file(
    hub_directory: Path,
) -> None:
    async with LocalHub(hub_directory.parent) as hub:
        (hub_directory / "governance").rename(hub_directory.parent / "offline")
        size = hub.serving.hub.sequencer.frontier.size
        arguments = ["party", "add", "bank.icbc", "--role", "bank", "--dir", str(hub_directory)]
        said = await asyncio.to_thread(CliRunner().invoke, app, arguments)
        assert said.exit_code == 2
        assert "--root-key FILE" in said.stderr
        assert hub.serving.hub.sequencer.frontier.size == size
        key = str(hub_directory.parent / "offline" / "root-1.sealed")
        said = await asyncio.to_thread(CliRunner().invoke, app, [*arguments, "--root-key", key])
        assert said.exit_code == 0, said.stderr
        assert "TOCSIN1-" in said.stdout


async def test_a_member_nobody_admitted_is_named_and_the_command_says_where_to_look(hub_directory: Path) -> None:
    async with LocalHub(hub_directory.parent) as hub:
        size = hub.serving.hub.sequencer.frontier.size
        for verb in (["show"], ["suspend"]):
            arguments = ["party", *verb, "bank.nobody", "--dir", str(hub_directory)]
            said = await asyncio.to_thread(CliRunner().invoke, app, arguments)
            assert said.exit_code == 3
            assert "no party bank.nobody on this bus" in said.stderr
            assert "`tocsin-hub party list`" in said.stderr
        assert hub.serving.hub.sequencer.frontier.size == size


async def test_dead_letters_of_a_lane_there_is_not_are_none_at_all(hub_directory: Path) -> None:
    async with LocalHub(hub_directory.parent):
        arguments = ["dead-letters", "replay", "bank.icbc", "--lane", "fast", "--dir", str(hub_directory)]
        said = await asyncio.to_thread(CliRunner().invoke, app, arguments)
        assert said.exit_code == 2
        assert "urgent or routine" in said.stderr


@pytest.mark.parametrize("place", ["nowhere/log.jsonl", "."])
def test_an_export_that_cannot_be_written_is_a_line_and_no_traceback(hub_directory: Path, place: str) -> None:
    path = hub_directory.parent / place
    said = CliRunner().invoke(app, ["log", "export", str(path), "--dir", str(hub_directory)])
    assert said.exit_code == 2
    assert "a file in a directory that can be written" in said.stderr
    assert str(path) not in said.stderr


def test_what_is_set_up_wrong_exits_2_in_the_operators_words(hub_directory: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("not the passphrase")
    wrong = ["replay", "--verify", "--dir", str(hub_directory), "--passphrase-file", str(tmp_path / "wrong")]
    elsewhere = ["status", "--dir", str(tmp_path / "nowhere")]
    unknown = ["init", str(tmp_path / "new"), "--bus", "new.example", "--profile", "xx"]
    for arguments, words in ((wrong, "keys of the hub"), (elsewhere, "tocsin-hub init")):
        said = CliRunner().invoke(app, arguments)
        assert said.exit_code == 2, said.stderr
        assert words in said.stderr
        assert "tocsin join" not in said.stderr
    said = CliRunner().invoke(app, unknown)
    assert said.exit_code == 3
    assert "cn or generic" in said.stderr
    assert not (tmp_path / "new").exists()


async def test_the_ranges_a_member_serves_are_shown(hub_directory: Path) -> None:
    async with LocalHub(hub_directory.parent) as hub:
        await hub.invite("bank.icbc", role="bank", serves=["card:16:622202"])
        said = await asyncio.to_thread(CliRunner().invoke, app, ["party", "show", "bank.icbc", "--dir", str(hub_directory)])
        assert "card:16:622202" in said.stdout
