"""An mTLS echo: what grpc.aio itself takes for one small call. A process of its own, like the hub."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import grpc

from tests.bench.world import World
from tocsin import loop

METHOD = "/echo.Echo/Say"


async def serve(hub_dir: Path) -> None:
    """Serves with the hub's own certificate until killed; prints its port."""

    async def say(request: bytes, context: object) -> bytes:
        return request

    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(say)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("echo.Echo", {"Say": handler}),))
    credentials = grpc.ssl_server_credentials(
        [((hub_dir / "tls.key").read_bytes(), (hub_dir / "tls.pem").read_bytes())],
        root_certificates=(hub_dir / "ca.pem").read_bytes(),
        require_client_auth=True,
    )
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


async def echo(world: World, count: int) -> float:
    """Echoes of 1 KiB per second, sixteen at a time."""
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.echo", str(world.hub_dir)], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        with process.stdout as said:
            port = int(said.readline())
        identity = world.police
        credentials = grpc.ssl_channel_credentials(identity.ca_pem, identity.tls_key_pem, identity.tls_cert_pem)
        async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
            call = channel.unary_unary(METHOD)
            left = count

            async def worker() -> None:
                nonlocal left
                while left > 0:
                    left -= 1
                    await call(b"x" * 1024)

            await call(b"warm")
            started = time.perf_counter()
            await asyncio.gather(*(worker() for _ in range(16)))
            return count / (time.perf_counter() - started)
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    loop.run(serve(Path(sys.argv[1])))
