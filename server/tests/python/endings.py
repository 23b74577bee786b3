"""Ends connections to an echo server in several ways, and prints how each ended on this side, as JSON.

    endings.py URL
"""

import json
import sys

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def end(websocket, act):
    """The received and the sent close frame, which one was first, and what the user of the library gets."""
    try:
        act(websocket)
        websocket.recv(timeout=60)
    except ConnectionClosed as closed:
        def code_and_reason(close):
            return None if close is None else [int(close.code), close.reason]

        return {"received": code_and_reason(closed.rcvd), "sent": code_and_reason(closed.sent), "received_first": closed.rcvd_then_sent}
    raise AssertionError("the connection goes on")


def send_raw(websocket, frames):
    """Frames that this library would never send."""
    websocket.socket.sendall(frames)


ACTS = {
    "normal": lambda websocket: websocket.close(),
    "with a reason": lambda websocket: websocket.close(3000, "adiós"),
    "own code": lambda websocket: websocket.close(4999),
    "too big": lambda websocket: websocket.send(b"x" * 2000),
    "not masked": lambda websocket: send_raw(websocket, b"\x81\x05hello"),
    "not text": lambda websocket: send_raw(websocket, b"\x81\x81\x00\x00\x00\x00\xff"),
}

endings = {}
for name, act in ACTS.items():
    with connect(sys.argv[1], compression=None, proxy=None) as websocket:
        endings[name] = end(websocket, act)
json.dump(endings, sys.stdout)
