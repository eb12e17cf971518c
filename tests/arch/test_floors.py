"""The floors of dependencies are what the committed generated code asks for, and its generator is the pinned one."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
GENERATED = ROOT / "sdk/tocsin/v1"


def floor(name: str, requirements: list[str]) -> str:
    """The version after ``>=`` or ``==`` of a requirement."""
    (found,) = [match[1] for one in requirements if (match := re.match(rf"{name}(?:>=|==)([\d.]+)", one))]
    return found


def stamps(files: str, pattern: str) -> set[str]:
    """What the generator wrote into its files; every file has a stamp."""
    found = [re.findall(pattern, path.read_text(), re.MULTILINE) for path in sorted(GENERATED.glob(files))]
    assert found
    assert all(len(one) == 1 for one in found)
    return {one[0] for one in found}


def test_the_floor_of_grpcio_is_the_version_the_stubs_were_made_for() -> None:
    made_for = stamps("*_pb2_grpc.py", r"^GRPC_GENERATED_VERSION = '([\d.]+)'$")
    assert made_for == {floor("grpcio", PROJECT["dependencies"])}
    extras = PROJECT["optional-dependencies"]
    assert made_for == {floor("grpcio-tools", extras["dev"])}
    assert made_for == {floor("grpcio-status", PROJECT["dependencies"])}
    assert made_for == {floor(f"grpcio-{name}", extras["hub"]) for name in ("health-checking", "reflection")}


def test_the_floor_of_protobuf_is_the_version_the_messages_were_made_for() -> None:
    assert stamps("*_pb2.py", r"^# Protobuf Python Version: ([\d.]+)$") == {floor("protobuf", PROJECT["dependencies"])}


def test_the_version_is_stated_once() -> None:
    import tocsin

    assert tocsin.__version__ == PROJECT["version"]
