"""The wheel holds both packages with the files they read at run time, and nothing of the workshop."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.arch.tree import HUB, ROOT, SDK


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel built from this tree, without its metadata."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=60)
    [built] = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def committed(package: Path) -> set[str]:
    """The files of ``package`` that git knows, by their names in a wheel."""
    command = ["git", "ls-files", "--", str(package)]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return {str((ROOT / name).relative_to(package.parent)) for name in listed if (ROOT / name).exists()}


def test_every_file_of_both_packages_is_in_the_wheel(wheel: set[str]):
    files = committed(SDK) | committed(HUB)
    assert {"tocsin/py.typed", "tocsin/core/policy.toml"} <= files
    assert files - wheel == set()


def test_nothing_but_the_two_packages_is_in_the_wheel(wheel: set[str]):
    assert {name.partition("/")[0] for name in wheel} == {"tocsin", "tocsin_hub"}
