"""Solves challenges with a TCP socket and nothing else: the handshake and every frame are written here.

The arguments are the same as for solve.py.
"""

import base64
import hashlib
import json
import os
import random
import socket
import struct
import sys
import time
from urllib.parse import urlsplit

import dialogues
from dialogues import GUID
from faults import name_of

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Client:
    """An open WebSocket. `protocol` is the subprotocol that the server chose."""

    def __init__(self, url, protocols=()):
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port))
        key = base64.b64encode(os.urandom(16)).decode()
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        lines = [
            f"GET {target} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        ]
        if protocols:
            lines.append(f"Sec-WebSocket-Protocol: {', '.join(protocols)}")
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.take(1)
        assert head.startswith(b"HTTP/1.1 101 "), head
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest())
        assert b"Sec-WebSocket-Accept: " + accept in head, head
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
        self.protocol = fields.get("Sec-WebSocket-Protocol")

    def take(self, count):
        taken = b""
        while len(taken) < count:
            more = self.socket.recv(count - len(taken))
            if not more:
                raise EOFError
            taken += more
        return taken

    def send(self, opcode, payload=b"", fin=True):
        key = os.urandom(4)
        head = bytes([(0x80 if fin else 0) | opcode])
        if len(payload) < 126:
            head += bytes([0x80 | len(payload)])
        else:
            head += bytes([0x80 | 126]) + struct.pack("!H", len(payload))
        self.socket.sendall(head + key + bytes(byte ^ key[i % 4] for i, byte in enumerate(payload)))

    def text(self, text):
        self.send(TEXT, text.encode())

    def json(self, value):
        self.text(json.dumps(value))

    def frame(self):
        """The next frame of the server: FIN, opcode and payload."""
        first, second = self.take(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self.take(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self.take(8))
        return bool(first & 0x80), first & 0x0F, self.take(length)

    def message(self):
        """The payloads of the frames of the next message."""
        pieces = []
        while True:
            fin, opcode, payload = self.frame()
            if opcode >= CLOSE:
                continue
            pieces.append(payload)
            if fin:
                return pieces

    def answer(self):
        return json.loads(b"".join(self.message()))

    def close(self, code=1000, reason="", waits=True):
        self.send(CLOSE, struct.pack("!H", code) + reason.encode())
        while waits and self.frame()[1] != CLOSE:
            pass
        self.socket.close()


SOLUTIONS = {}


def solves(name):
    def register(solution):
        SOLUTIONS[name] = solution
        return solution

    return register


@solves("first-echo")
def first_echo(url, values):
    client = Client(url)
    # As a program sends what a user typed: with the end of the line.
    client.text("hello\n")
    assert client.message() == [b"hello\n"]
    client.close()


@solves("binary-echo")
def binary_echo(url, values):
    client = Client(url)
    [received] = client.message()
    client.send(BINARY, received)
    client.text(str(sum(received)))
    client.close()


@solves("subprotocol")
def subprotocol(url, values):
    for _ in range(2):
        client = Client(url, ["chat.v2", "chat.v1"])
        client.text(f"speaking {client.protocol}")
        client.close()


@solves("own-close-code")
def own_close_code(url, values):
    Client(url).close(4001, "gone for lunch")


@solves("accept-value")
def accept_value(url, values):
    client = Client(url)
    client.text(base64.b64encode(hashlib.sha1((values["key"] + GUID).encode()).digest()).decode() + "\r\n")
    client.close()


@solves("fragments")
def fragments(url, values):
    client = Client(url)
    pieces = client.message()
    client.json({"text": b"".join(pieces).decode(), "fragments": len(pieces)})
    client.close()


@solves("decode-frame")
def decode_frame(url, values):
    decoded = []
    for text in values["frames"].split():
        frame = bytes.fromhex(text)
        masked, length, at = bool(frame[1] & 0x80), frame[1] & 0x7F, 2
        if length == 126:
            length, at = struct.unpack("!H", frame[2:4])[0], 4
        payload = frame[at:]
        if masked:
            key, payload = payload[:4], payload[4:]
            payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
        field = {"fin": bool(frame[0] & 0x80), "opcode": frame[0] & 0x0F, "masked": masked, "length": length}
        decoded.append({**field, "text": payload.decode()})
    client = Client(url)
    client.json(decoded)
    client.close()


@solves("encode-frame")
def encode_frame(url, values):
    text, key = values["text"].encode(), bytes.fromhex(values["key"])
    masked = bytes(byte ^ key[i % 4] for i, byte in enumerate(text))
    client = Client(url)
    client.text((bytes([0x81, 0x80 | len(text)]) + key + masked).hex(" ").upper() + "\n")
    client.close()


@solves("request-response")
def request_response(url, values):
    client = Client(url)
    ids = ["a", "b", "c", "d", "e"]
    for name in ids:
        client.json({"id": name, "ask": "what time is it?"})
    tokens = {}
    while len(tokens) < len(ids):
        answer = client.answer()
        tokens[answer["id"]] = answer["token"]
    client.json({"done": [tokens[name] for name in ids]})
    client.close()


@solves("heartbeat")
def heartbeat(url, values):
    client = Client(url)
    # More messages than asked for, and real pings, are no fault.
    client.text("I am here")
    client.message()
    token = None
    for n in range(1, 8):
        client.json({"type": "ping", "n": n, "token": token})
        token = client.answer()["token"]
        client.send(PING, b"too")
        assert client.frame()[1] == PONG
        time.sleep(0.4)
    client.close()


@solves("idle-cut")
def idle_cut(url, values):
    client = Client(url)
    # The way of the course: pings, and no message at all.
    for _ in range(7):
        time.sleep(0.62)
        client.send(PING, b"alive")
        assert client.frame()[1] == PONG
    client.close()


@solves("dead-peer")
def dead_peer(url, values):
    client = Client(url)
    client.socket.settimeout(1)
    try:
        while True:
            client.text("are you there?\n")
            client.message()
    except TimeoutError:
        client.close(4000, "no answer", waits=False)
    Client(url).close(waits=False)


@solves("reconnect")
def reconnect(url, values):
    def until_dropped():
        client = Client(url)
        try:
            while True:
                client.frame()
        except (EOFError, ConnectionError):
            client.socket.close()

    for _ in range(2):
        until_dropped()
        for attempt in range(3):
            time.sleep(0.2 * 2**attempt * (1 + random.random()))
            until_dropped()


@solves("find-the-fault")
def find_the_fault(url, values):
    name, named = "hello", set()
    while len(named) < 4:
        client = Client(url)
        client.text(name)
        client.socket.settimeout(1)
        received = client.take(2)
        try:
            # What names the fault is in the first bytes.
            while len(received) < 32:
                received += client.take(1)
        except (TimeoutError, EOFError, ConnectionError):
            pass
        client.socket.close()
        named.add(name)
        name = name_of(received)


class Dialogue:
    """The client of `dialogues`."""

    def __init__(self, url):
        self.client = Client(url)
        self.is_open = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.is_open:
            self.client.close()

    def send(self, text):
        try:
            self.client.text(text)
        except ConnectionError:
            # The next `receive` says so.
            pass

    def receive(self):
        pieces, kind = [], None
        try:
            while True:
                fin, opcode, payload = self.client.frame()
                if opcode == CLOSE:
                    self.is_open = False
                    self.client.send(CLOSE, payload[:2])
                    self.client.socket.close()
                    raise dialogues.Closed(struct.unpack("!H", payload[:2])[0])
                if opcode > CLOSE:
                    continue
                kind = kind or opcode
                pieces.append(payload)
                if fin:
                    message = b"".join(pieces)
                    return message.decode() if kind == TEXT else message
        except (EOFError, ConnectionError) as error:
            self.is_open = False
            self.client.socket.close()
            raise dialogues.Closed(1006) from error


if __name__ == "__main__":
    challenge, address, values = sys.argv[1:]
    if challenge in SOLUTIONS:
        SOLUTIONS[challenge](address, json.loads(values))
    else:
        dialogues.SOLUTIONS[challenge](lambda: Dialogue(address), json.loads(values))
