"""Solves challenges with `websockets`, as a learner would on their own machine.

The arguments are the id of a challenge, the URL of the lab, and the values of the session as JSON. It uses nothing else.
"""

import base64
import hashlib
import json
import random
import socket
import sys
import time
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

import dialogues
from faults import name_of

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
    digest = hashlib.sha1((values["key"] + dialogues.GUID).encode()).digest()
    with connect(url) as socket:
        socket.send(base64.b64encode(digest).decode())


@solves("binary-echo")
def binary_echo(url, values):
    with connect(url) as socket:
        received = socket.recv()
        socket.send(received)
        socket.send(str(sum(received)))


@solves("subprotocol")
def subprotocol(url, values):
    for _ in range(2):
        with connect(url, subprotocols=["chat.v2", "chat.v1"]) as socket:
            socket.send(f"speaking {socket.subprotocol}")


@solves("own-close-code")
def own_close_code(url, values):
    with connect(url) as socket:
        socket.close(4001, "gone for lunch")


@solves("heartbeat")
def heartbeat(url, values):
    with connect(url) as socket:
        token = None
        for n in range(1, 7):
            socket.send(json.dumps({"type": "ping", "n": n, "token": token}))
            token = json.loads(socket.recv())["token"]
            time.sleep(0.4)


@solves("idle-cut")
def idle_cut(url, values):
    with connect(url) as socket:
        for _ in range(7):
            time.sleep(0.62)
            # Pings count like messages.
            assert socket.ping().wait(10)


@solves("dead-peer")
def dead_peer(url, values):
    # The server does not answer the close frame, so do not wait for it.
    with connect(url, close_timeout=0.1) as first:
        try:
            while True:
                first.send("are you there?")
                first.recv(timeout=1)
        except TimeoutError:
            first.close(4000, "no answer")
    with connect(url, close_timeout=0.1):
        pass


@solves("reconnect")
def reconnect(url, values):
    def until_dropped():
        with connect(url) as socket:
            try:
                socket.recv()
            except ConnectionClosed:
                pass

    for _ in range(2):
        until_dropped()
        for attempt in range(3):
            time.sleep(0.2 * 2**attempt * (1 + random.random()))
            until_dropped()


@solves("request-response")
def request_response(url, values):
    with connect(url) as socket:
        ids = range(1, 6)
        for n in ids:
            socket.send(json.dumps({"id": n, "ask": "what time is it?"}))
        tokens = {}
        while len(tokens) < len(ids):
            answer = json.loads(socket.recv())
            tokens[answer["id"]] = answer["token"]
        socket.send(json.dumps({"done": [tokens[n] for n in ids]}))


@solves("fragments")
def fragments(url, values):
    with connect(url) as socket:
        pieces = list(socket.recv_streaming())
        socket.send(json.dumps({"text": "".join(pieces), "fragments": len(pieces)}))


@solves("decode-frame")
def decode_frame(url, values):
    def decode(frame):
        masked, length, at = bool(frame[1] & 0x80), frame[1] & 0x7F, 2
        if length == 126:
            length, at = int.from_bytes(frame[2:4], "big"), 4
        payload = frame[at:]
        if masked:
            key, payload = payload[:4], payload[4:]
            payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
        fields = {"fin": bool(frame[0] & 0x80), "opcode": frame[0] & 0x0F, "masked": masked, "length": length}
        return {**fields, "text": payload.decode()}

    with connect(url) as socket:
        socket.send(json.dumps([decode(bytes.fromhex(frame)) for frame in values["frames"].split()]))


@solves("encode-frame")
def encode_frame(url, values):
    text, key = values["text"].encode(), bytes.fromhex(values["key"])
    masked = bytes(byte ^ key[i % 4] for i, byte in enumerate(text))
    with connect(url) as socket:
        socket.send((bytes([0x81, 0x80 | len(text)]) + key + masked).hex())


class Copying(socket.socket):
    """A TCP socket that keeps what it has received."""

    received = b""

    def recv(self, *arguments):
        data = super().recv(*arguments)
        self.received += data
        return data


@solves("find-the-fault")
def find_the_fault(url, values):
    parts = urlsplit(url)
    name, named = "hello", set()
    while len(named) < 4:
        tcp = Copying()
        tcp.connect((parts.hostname, parts.port))
        with connect(url, sock=tcp, close_timeout=0.1, compression=None) as client:
            try:
                client.send(name)
                client.recv(timeout=1)
            except (ConnectionClosed, TimeoutError):
                pass
        named.add(name)
        name = name_of(tcp.received.split(b"\r\n\r\n", 1)[1])


class Dialogue:
    """The client of `dialogues`."""

    def __init__(self, url):
        self.socket = connect(url)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, text):
        self.socket.send(text)

    def receive(self):
        try:
            return self.socket.recv()
        except ConnectionClosed as closed:
            raise dialogues.Closed(closed.rcvd.code if closed.rcvd else 1006) from closed


if __name__ == "__main__":
    challenge, address, values = sys.argv[1:]
    if challenge in SOLUTIONS:
        SOLUTIONS[challenge](address, json.loads(values))
    else:
        dialogues.SOLUTIONS[challenge](lambda: Dialogue(address), json.loads(values))
