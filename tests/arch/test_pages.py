"""Documents that are generated stand as generated, links lead somewhere, and commands a guide names exist."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from tocsin.cli.main import app as member_app
from tocsin.core.errors import Reason
from tocsin_hub.cli.app import app as hub_app
from tools import make_docs_errors

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
GUIDES = [page for page in PAGES if "spec" not in page.parts and page.name != "errors.md"]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
COMMANDS: dict[str, Any] = {"tocsin": typer.main.get_command(member_app), "tocsin-hub": typer.main.get_command(hub_app)}
CALL = re.compile(r"(?:(?<=`)|(?<=^    )|(?<=sudo -u tocsin /opt/tocsin/bin/))(tocsin(?:-hub)? [^`\n]*)", re.MULTILINE)


def test_the_catalogue_of_errors_is_the_generated_one() -> None:
    page = make_docs_errors.FILE.read_text(encoding="utf-8")
    assert page == make_docs_errors.page()
    assert all(f"| `{reason}` |" in page for reason in Reason)


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_a_file(name: str) -> None:
    page = ROOT / name
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("name", [page.relative_to(ROOT).as_posix() for page in GUIDES])
def test_every_file_a_page_names_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for path in re.findall(r"`((?:sdk|server|tests|tools|docs|examples|proto|deploy)/[\w./@-]+)`", text):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("name", [page.relative_to(ROOT).as_posix() for page in GUIDES])
def test_every_command_a_page_shows_exists_with_its_options(name: str) -> None:
    for line in CALL.findall((ROOT / name).read_text(encoding="utf-8")):
        words = shlex.split(line.partition("  #")[0].partition(" |")[0].replace("'", ""), comments=False)
        check(words[0], words[1:], line)


def check(program: str, words: list[str], line: str) -> None:
    """Walks a command's tree along ``words``; every verb and every option must be known."""
    command, rest = COMMANDS[program], list(words)
    while rest:
        word = rest.pop(0)
        if word.startswith("--"):
            options = {name: one for one in command.params for name in (*one.opts, *one.secondary_opts)}
            assert word in options or word == "--help", f"{word} in: {line}"
            if word in options and not options[word].is_flag:
                rest = rest[1:]
        elif hasattr(command, "commands") and not re.search(r"[|…]", word):
            found = command.get_command(typer.Context(command), word)
            assert found is not None, f"{word} in: {line}"
            command = found


def test_the_check_of_commands_notices_what_is_not_there() -> None:
    with pytest.raises(AssertionError, match="restore"):
        check("tocsin-hub", ["restore", "--new-epoch"], "tocsin-hub restore --new-epoch")
    with pytest.raises(AssertionError, match="--force"):
        check("tocsin-hub", ["party", "add", "bank.icbc", "--force"], "…")
