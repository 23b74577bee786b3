"""Sends messages to an echo server, checks the echoes, and prints the messages as JSON.

    client.py URL PARAMETERS

PARAMETERS is the offer of permessage-deflate as JSON, or null for none.
"""

import json
import random
import sys

from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.sync.client import connect

SEED = random.Random(6455)

# Too long for references in the smallest windows.
AGAIN = SEED.randbytes(700)

# A list is sent in fragments. After the last one, an empty fragment ends the message.
MESSAGES = [
    "Grüße, 世界! " * 5,
    "Grüße, 世界! " * 5,
    "",
    b"",
    bytes(range(256)) * 8,
    ["in ", "four ", "frag", "ments, in fragments"],
    [b"\x00\x01", b"", b"\x02" * 3000],
    ["the ping comes between ", None, "two fragments"],
    AGAIN,
    AGAIN,
    SEED.randbytes(70_000),
    "0123456789" * 50_000,
    SEED.randbytes(600_000),
]


def fragments(websocket, message):
    """The messages, sent one by one. None is a ping."""
    for fragment in message:
        if fragment is None:
            websocket.ping(b"between")
        else:
            yield fragment


def main(url, parameters):
    extensions = None if parameters is None else [ClientPerMessageDeflateFactory(**parameters)]
    # No automatic pings: on a slow machine, they would be sent.
    options = {"compression": None, "extensions": extensions, "max_size": None, "ping_interval": None, "proxy": None}
    with connect(url, **options) as websocket:
        agreed = [str(extension) for extension in websocket.protocol.extensions]
        sent = []
        for number, message in enumerate(MESSAGES):
            parts = [message]
            if isinstance(message, list):
                parts = [part for part in message if part is not None]
                websocket.send(fragments(websocket, message))
            else:
                websocket.send(message)
            whole = parts[0][:0].join(parts)
            assert websocket.recv(timeout=60) == whole, f"message {number} came back as another"
            assert websocket.ping(f"behind {number}").wait(60), f"no pong behind message {number}"
            if isinstance(message, list):
                parts.append(whole[:0])
            text = isinstance(whole, str)
            sent.append({"text": text, "fragments": [(part.encode() if text else part).hex() for part in parts]})
        websocket.close(4000, "c'est fini")
    # A server answers with the same code, and may repeat the reason.
    assert websocket.close_code == 4000 and websocket.close_reason in ("", "c'est fini"), websocket.close_reason
    json.dump({"agreed": agreed, "sent": sent}, sys.stdout)


main(sys.argv[1], json.loads(sys.argv[2]))
