"""A WAMP router for wamp.mjs: prints its port and runs until it is killed."""

import asyncio
import contextlib
import socket
import sys

from xconn import Router, Server


async def main() -> None:
    router = Router()
    router.add_realm("realm1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Its own words go to the error output: the recorder reads the port from the other.
    with contextlib.redirect_stdout(sys.stderr):
        await Server(router).start("127.0.0.1", port)
    print(port, flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
