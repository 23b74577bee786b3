"""Solves challenges with `websockets`, as a learner would on their own machine.

The arguments are the id of a challenge, the URL of the lab, and the values of the session as JSON. It uses nothing else.
"""

import base64
import hashlib
import json
import random
import sys
import time

from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.sync.client import connect

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

SOLUTIONS = {}


def solves(name):
    def register(solution):
        SOLUTIONS[name] = solution
        return solution

    return register


@solves("first-echo")
def first_echo(url, values):
    with connect(url) as socket:
        socket.send("hello")
        assert socket.recv() == "hello"


@solves("accept-value")
def accept_value(url, values):
    digest = hashlib.sha1((values["key"] + GUID).encode()).digest()
    with connect(url) as socket:
        socket.send(base64.b64encode(digest).decode())


@solves("binary-echo")
def binary_echo(url, values):
    with connect(url) as socket:
        socket.send(bytes.fromhex(values["bytes"]))
        socket.send(str(sum(socket.recv())))


@solves("subprotocol")
def subprotocol(url, values):
    with connect(url, subprotocols=["chat.v2", "chat.v1"]) as socket:
        socket.send(f"speaking {socket.subprotocol}")


@solves("own-close-code")
def own_close_code(url, values):
    with connect(url) as socket:
        socket.close(4001, "gone for lunch")


@solves("heartbeat")
def heartbeat(url, values):
    with connect(url) as socket:
        for n in range(1, 7):
            socket.send(json.dumps({"type": "ping", "n": n}))
            socket.recv()
            time.sleep(0.3)


@solves("idle-cut")
def idle_cut(url, values):
    with connect(url) as socket:
        for beat in range(7):
            time.sleep(0.62)
            socket.send(f"beat {beat}")


@solves("dead-peer")
def dead_peer(url, values):
    # The server does not answer the close frame, so do not wait for it.
    with connect(url, close_timeout=0.1) as first:
        first.send("are you there?")
        try:
            first.recv(timeout=1)
        except TimeoutError:
            first.close(4000, "no answer")
    with connect(url, close_timeout=0.1):
        pass


@solves("reconnect")
def reconnect(url, values):
    for attempt in range(5):
        with connect(url) as socket:
            try:
                socket.recv()
            except ConnectionClosed:
                pass
        if attempt < 4:
            time.sleep(0.2 * 2**attempt * (1 + random.random()))


@solves("request-response")
def request_response(url, values):
    with connect(url) as socket:
        waiting = set(range(1, 6))
        for n in waiting:
            socket.send(json.dumps({"id": n, "ask": "what time is it?"}))
        while waiting:
            waiting.remove(json.loads(socket.recv())["id"])
        socket.send(json.dumps({"done": 5}))


@solves("fragments")
def fragments(url, values):
    with connect(url) as socket:
        pieces = list(socket.recv_streaming())
        socket.send(json.dumps({"text": "".join(pieces), "fragments": len(pieces)}))


@solves("decode-frame")
def decode_frame(url, values):
    frame = bytes.fromhex(values["frame"])
    key, length = frame[2:6], frame[1] & 0x7F
    text = bytes(byte ^ key[i % 4] for i, byte in enumerate(frame[6 : 6 + length])).decode()
    said = {"fin": bool(frame[0] & 0x80), "opcode": frame[0] & 0x0F, "masked": bool(frame[1] & 0x80), "length": length, "text": text}
    with connect(url) as socket:
        socket.send(json.dumps(said))


@solves("encode-frame")
def encode_frame(url, values):
    text, key = values["text"].encode(), bytes.fromhex(values["key"])
    masked = bytes(byte ^ key[i % 4] for i, byte in enumerate(text))
    with connect(url) as socket:
        socket.send((bytes([0x81, 0x80 | len(text)]) + key + masked).hex())


#: A part of the library's error message for each fault. It accepts a length that is not minimal.
FAULTS = {
    "incorrect masking": "masked",
    "reserved bits": "rsv1",
    "invalid opcode": "reserved-data",
    "unexpected continuation frame": "nothing-to-continue",
    "control frame too long": "ping-too-long",
    "fragmented control frame": "ping-fragmented",
    "invalid": "close-1005",
}


@solves("find-the-fault")
def find_the_fault(url, values):
    name = "length-not-minimal"
    with connect(url) as socket:
        socket.send("hello")
        try:
            socket.recv()
        except ConnectionClosedError as closed:
            why = str(closed.__cause__ or closed)
            print(why)
            name = next(name for words, name in FAULTS.items() if words in why)
    with connect(url) as socket:
        socket.send(name)


if __name__ == "__main__":
    challenge, address, values = sys.argv[1:]
    SOLUTIONS[challenge](address, json.loads(values))
