"""What pyproject declares is what the code imports, no more and no less: a bare installation works without the hub's part."""

import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.arch.tree import HUB, ROOT, SDK, references, sources

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
DATA_ONLY = {"tzdata"}
"""Never imported: the standard library's zoneinfo reads it where the system has no zone files."""

NAMESPACES = {"google.protobuf": "protobuf", "google.rpc": "googleapis-common-protos"}
"""``google`` belongs to several distributions."""

PROVIDERS = packages_distributions()
NOT_INSTALLED = {"builtins", "tocsin", "tocsin_hub", "_typeshed"}
"""Ours, the language's, and a module that type checkers alone know."""


def declared(lines: list[str]) -> dict[str, Requirement]:
    """Requirements by name, without the extras of our own distribution."""
    parsed = [Requirement(line) for line in lines]
    return {canonicalize_name(one.name): one for one in parsed if one.name != PROJECT["name"]}


BASE = declared(PROJECT["dependencies"])
HUB_EXTRA = declared(EXTRAS["hub"])


def imported(*folders: Path) -> set[str]:
    """The distributions that the modules below ``folders`` import from; a module that nobody provides stands for itself."""
    names = {name for path in sources(*folders) for _, name in references(path.read_text())}
    return {owner for name in names for owner in owners(name)}


def owners(name: str) -> set[str]:
    """The distributions that may provide ``name``; none for ours and the standard library's."""
    top = name.partition(".")[0]
    if top in NOT_INSTALLED or top in sys.stdlib_module_names:
        return set()
    if top == "google":
        return {owner for prefix, owner in NAMESPACES.items() if f"{name}.".startswith(f"{prefix}.")}
    return {canonicalize_name(owner) for owner in PROVIDERS.get(top, [top])}


def test_the_sdk_imports_only_what_a_bare_installation_brings():
    assert imported(SDK) - set(BASE) == set()


def test_the_hub_imports_only_what_its_extra_brings():
    assert imported(HUB) - set(BASE) - set(HUB_EXTRA) == set()


def test_nothing_is_declared_that_nobody_imports():
    assert set(BASE) - imported(SDK) == DATA_ONLY
    assert set(HUB_EXTRA) - imported(HUB) == set()


@pytest.mark.parametrize("name", sorted(BASE | HUB_EXTRA))
def test_a_dependency_has_a_floor_and_an_upper_bound(name):
    operators = {one.operator for one in (BASE | HUB_EXTRA)[name].specifier}
    assert operators == ({">="} if name in DATA_ONLY else {">=", "<"})
