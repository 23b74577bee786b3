"""Solutions of the challenges whose server follows a script. They need a client: `connect()` opens a connection, which is closed at the
end of its `with`. It has `send(text)` and `receive()`, which returns text or bytes, or raises `Closed`.
"""

import base64
import hashlib
import json
import random
import time

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

SOLUTIONS = {}


class Closed(Exception):
    """The server closed the connection with this code, or dropped it (1006)."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def solves(name):
    def register(solution):
        SOLUTIONS[name] = solution
        return solution

    return register


def tell(client, **message):
    client.send(json.dumps(message))


def told(client):
    return json.loads(client.receive())


@solves("login-first")
def login_first(connect, values):
    with connect() as client:
        tell(client, login=values["token"])
        session = told(client)["welcome"]
        for n, word in enumerate(values["words"].split(), 1):
            tell(client, session=session, n=n, say=word)
            assert told(client)["heard"] == n


@solves("check-origin")
def check_origin(connect, values):
    site = values["site"]
    allowed = {f"https://{site}.example", f"https://admin.{site}.example:8443"}
    with connect() as client:
        while "done" not in (request := told(client)):
            origin = request.get("Origin")
            tell(client, allow=origin is None or origin in allowed)


@solves("answer-handshake")
def answer_handshake(connect, values):
    def answer(text):
        line, *lines = text.rstrip().split("\r\n")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        method, _, version = line.split()
        connection = [token.strip().lower() for token in headers.get("connection", "").split(",")]
        asks = headers.get("upgrade", "").lower() == "websocket" and "upgrade" in connection
        if not asks or headers.get("sec-websocket-version") != "13":
            return {"status": 426}
        key = headers.get("sec-websocket-key", "")
        if method != "GET" or version != "HTTP/1.1" or len(base64.b64decode(key)) != 16:
            return {"status": 400}
        if headers.get("origin", f"https://{values['site']}.example") != f"https://{values['site']}.example":
            return {"status": 403}
        return {"status": 101, "accept": base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()}

    with connect() as client:
        while not (text := client.receive()).startswith("{"):
            tell(client, **answer(text))


@solves("act-on-close-code")
def act_on_close_code(connect, values):
    for room in ["orders", "prices", "chat"]:
        with connect() as client:
            tell(client, join=room, **{"try": 1})
            try:
                raise AssertionError(client.receive())
            except Closed as closed:
                code = closed.code
        if code in (1001, 1012, 1013):
            time.sleep(1 + random.random() / 2)
            with connect() as client:
                tell(client, join=room, **{"try": 2})
                assert told(client)["joined"] == room
        elif code == 4001:
            with connect() as client:
                tell(client, login=values["password"])
                token = told(client)["token"]
                tell(client, join=room, token=token, **{"try": 2})
                assert told(client)["joined"] == room


def inner_frames(client):
    """The frames of the stream inside the binary messages: FIN, opcode, masked, payload."""
    buffer = b""
    while True:
        length, at = (buffer[1] & 0x7F, 2) if len(buffer) > 1 else (0, 2)
        if length > 125:
            at += 2 if length == 126 else 8
            length = int.from_bytes(buffer[2:at], "big")
        masked = len(buffer) > 1 and buffer[1] > 127
        start = at + (4 if masked else 0)
        if len(buffer) < max(start, 2) or len(buffer) < start + length:
            buffer += client.receive()
            continue
        key = buffer[at:start] or bytes(4)
        payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(buffer[start : start + length]))
        yield buffer[0] > 127, buffer[0] & 0x0F, masked, payload
        buffer = buffer[start + length :]


@solves("read-frames")
def read_frames(connect, values):
    with connect() as client:
        frames = inner_frames(client)
        for number in range(1, 14):
            _, opcode, masked, payload = next(frames)
            tell(client, frame=number, opcode=opcode, masked=masked, length=len(payload), sum=sum(payload))


@solves("reassemble")
def reassemble(connect, values):
    number, kind, parts = 0, 0, b""
    with connect() as client:
        for fin, opcode, _, payload in inner_frames(client):
            if opcode == 9:
                tell(client, pong=payload.decode())
            if opcode >= 8:
                continue
            kind, parts = (opcode, payload) if opcode else (kind, parts + payload)
            if fin:
                number += 1
                content = {"text": parts.decode()} if kind == 1 else {"length": len(parts), "sum": sum(parts)}
                tell(client, message=number, **content)
            if number == 3:
                return


@solves("resume")
def resume(connect, values):
    pending, events = dict(enumerate(values["orders"].split(), 1)), []
    while pending or len(events) < 6:
        with connect() as client:
            tell(client, hello=len(events))
            for number, order in pending.items():
                tell(client, id=number, order=order)
            try:
                while pending or len(events) < 6:
                    message = told(client)
                    pending.pop(message.get("ack"), None)
                    if message.get("seq") == len(events) + 1:
                        events.append(message["text"])
                tell(client, took=" ".join(events))
            except Closed:
                pass
