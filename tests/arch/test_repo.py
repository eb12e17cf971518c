"""Rules of the whole repository that a machine can check: reasons in the contract, docstrings, the two READMEs, the units."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tocsin.core import policy
from tocsin.core.errors import Reason

ROOT = Path(__file__).resolve().parents[2]
SERVICES = sorted((ROOT / "proto/tocsin/v1").glob("*_service.proto"))
RPC = re.compile(r"((?:^  //[^\n]*\n)+)  rpc (\w+)\(", re.MULTILINE)
RPCS = [(file.stem, name, comment) for file in SERVICES for comment, name in RPC.findall(file.read_text())]
PYTHON = [
    path
    for top in ("sdk", "server", "tools", "examples", "tests")
    for path in sorted((ROOT / top).rglob("*.py"))
    if "sdk/tocsin/v1/" not in path.as_posix()
]


def reasons_of(comment: str) -> set[str]:
    """The reasons that the lists of a comment name."""
    said = re.split(r"[Rr]easons(?: per envelope)?: ", " ".join(comment.replace("//", " ").split()))[1:]
    return set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b|\b(?:MALFORMED|UNSIGNED|EXPIRED|DRAINING)\b", " ".join(said)))


def test_every_rpc_of_the_policy_is_in_the_contract() -> None:
    ours = {rpc for rpc in policy.Policy.parse(policy.default_document()).rpcs if rpc.startswith("tocsin.")}
    names = {f"tocsin.v1.{''.join(word.title() for word in file.split('_'))}/{rpc}" for file, rpc, _ in RPCS}
    assert names == ours


@pytest.mark.parametrize(("file", "rpc", "comment"), RPCS, ids=[f"{file}.{rpc}" for file, rpc, _ in RPCS])
def test_every_rpc_lists_reasons_that_exist(file: str, rpc: str, comment: str) -> None:
    assert re.search(r"[Rr]easons(?: per envelope)?: ", comment), "the comment lists no reasons"
    assert reasons_of(comment) <= set(Reason)
    if "none of its own" not in comment:
        assert reasons_of(comment), "a list without a reason"


@pytest.mark.parametrize("path", PYTHON, ids=[path.relative_to(ROOT).as_posix() for path in PYTHON])
def test_every_module_says_what_it_is(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    if source.strip():
        assert ast.get_docstring(ast.parse(source)), "the module has no docstring"


def blocks(name: str) -> list[list[str]]:
    """Code blocks of a README, fenced and indented, without their comments."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = re.findall(r"```\w*\n(.*?)```|((?:^    [^\n]+\n)+)", text, re.DOTALL | re.MULTILINE)
    return [
        [re.sub(r"\s+#.*", "", line).strip() for line in (fenced or indented).splitlines()]
        for fenced, indented in found
    ]


def test_both_readmes_show_the_same_code() -> None:
    english, chinese = blocks("README.md"), blocks("README.zh-CN.md")
    assert english == chinese
    assert len(english) >= 5


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed (Debian: apt install systemd)"
)
@pytest.mark.parametrize("unit", ["tocsin-hub.service", "tocsin-listen@.service"])
def test_systemd_takes_the_units(unit: str, tmp_path: Path) -> None:
    copy = tmp_path / unit.replace("@", "@bank.icbc")
    # The commands are not installed in /opt/tocsin here: any program stands in for them.
    text = (ROOT / "deploy/systemd" / unit).read_text()
    assert text.count("ExecStart=/opt/tocsin/bin/tocsin") == 1
    copy.write_text(re.sub(r"(?m)^ExecStart=/opt/tocsin/bin/tocsin(-hub)?", "ExecStart=/bin/true", text))
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, [line for line in ended.stderr.splitlines() if unit.partition(".")[0] in line]) == (0, [])
