"""The demonstration of a whole list, small: it proves itself and says so."""

from pathlib import Path

import pytest

from examples.carrier import block
from tocsin import loop


def test_a_list_is_applied_by_three_carriers_one_of_them_late(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loop.run(block.run(tmp_path, [*block.listed(None, 2_500)[0], "com.cn", "192.0.2.1"], "2,502 names"))
    said = capsys.readouterr().out
    assert "Left out, named by line: {'DOMAIN_PUBLIC': 1, 'DOMAIN_INVALID': 1}" in said
    assert "Proved: 2,500 domains applied by 3 carriers" in said


def test_a_list_is_read_from_csv_and_made_up_without_one(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("domain,last_seen\na.example,2026\n")
    assert block.listed(tmp_path / "list.csv", 3)[0] == ["a.example"]
    assert block.listed(tmp_path / "none.csv", 2)[0] == ["shop-000000.example", "shop-000001.example"]
