"""An echo server on a free port, which it prints.

    server.py PARAMETERS

PARAMETERS are its parameters of permessage-deflate as JSON, or null to disable the extension. It echoes binary messages in
fragments. The text "close CODE REASON" makes it close. At the end of each connection, it prints the received code and reason.
"""

import json
import sys

from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.sync.server import serve

FRAGMENT = 10_000


def echo(websocket):
    assert websocket.ping(b"are you there?").wait(60), "no pong"
    try:
        for message in websocket:
            if isinstance(message, bytes):
                websocket.send(message[at : at + FRAGMENT] for at in range(0, len(message) + 1, FRAGMENT))
            elif message.startswith("close "):
                _, code, reason = message.split(" ", 2)
                websocket.close(int(code), reason)
            else:
                websocket.send(message)
        websocket.recv()
    except ConnectionClosed as closed:
        received = closed.rcvd
        print("none" if received is None else f"{int(received.code)} {received.reason}", flush=True)


parameters = json.loads(sys.argv[1])
extensions = None if parameters is None else [ServerPerMessageDeflateFactory(**parameters)]
# No automatic pings: on a slow machine, they would be sent.
options = {"compression": None, "extensions": extensions, "max_size": None, "ping_interval": None}
with serve(echo, "127.0.0.1", 0, **options) as server:
    print(server.socket.getsockname()[1], flush=True)
    server.serve_forever()
