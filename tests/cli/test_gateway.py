"""``gateway folder``: set-up that is wrong, words, signals."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import BANK, Bench


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir(mode=0o770)
    return made


@pytest.mark.parametrize(
    ("words", "field"),
    [(["--poll", "0s"], "poll"), (["--poll", "often"], "poll"), ([], "folder")],
)
def test_what_is_set_up_wrong_exits_2_and_touches_nothing(bench: Bench, folder: Path, words: list[str], field: str) -> None:
    folder.chmod(0o777)
    result = bench.run(BANK, "--json", "gateway", "folder", str(folder), *words)
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["facts"]["field"] == field
    assert list(folder.iterdir()) == []
    assert str(folder) not in result.output


def test_a_form_that_there_is_not_is_named(bench: Bench, folder: Path) -> None:
    result = bench.run(BANK, "gateway", "folder", str(folder), "--format", "xlsx")
    assert result.exit_code == 2
    assert "csv" in result.stderr


def test_in_chinese_it_says_what_is_wrong(bench: Bench, folder: Path) -> None:
    folder.chmod(0o777)
    result = bench.run(BANK, "gateway", "folder", str(folder), lang="zh")
    assert "不得对其他用户开放" in result.stderr


def test_it_drains_on_a_signal_and_names_orders_that_never_became_files(bench: Bench, folder: Path) -> None:
    by_hand = bench.start(BANK, "listen")
    assert "listening" in by_hand.error_line()
    order = bench.stop_payment()["order"]
    assert order in by_hand.line()
    by_hand.end()
    command = bench.start(BANK, "gateway", "folder", str(folder), "--format", "csv")
    assert "1 orders wait for an answer by hand" in command.error_line()
    assert "listening" in command.error_line()
    code, out, log = command.end()
    assert (code, out) == (0, "")
    assert "stopped" in log
    assert list((folder / "orders").iterdir()) == []
