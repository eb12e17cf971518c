"""Generates sdk/tocsin/v1 from proto/: with the pinned grpcio-tools, so that the result is the same everywhere.

Service stubs are kept only for files that have a service. With an argument, generates into that directory instead.
"""

import shutil
import sys
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent


def generate(target: Path) -> None:
    package = target / "tocsin" / "v1"
    if package.exists():
        shutil.rmtree(package)
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    protos = sorted(str(p) for p in (ROOT / "proto" / "tocsin" / "v1").glob("*.proto"))
    options = [f"-I{ROOT / 'proto'}", f"--python_out={target}", f"--grpc_python_out={target}", f"--pyi_out={target}"]
    if protoc.main(["protoc", *options, *protos]) != 0:
        sys.exit("protoc failed")
    for stub in package.glob("*_pb2_grpc.py"):
        if "class " not in stub.read_text():
            stub.unlink()


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "sdk")
