"""Makes the samples of value formats with encoders from PyPI: MessagePack, CBOR, Protocol Buffers, and images.

    python3 -m venv /tmp/samples && /tmp/samples/bin/pip install -r requirements.txt && /tmp/samples/bin/python record.py

record.mjs records the samples of protocols, and says how to take in a new recording.
"""

import base64
import datetime
import importlib.metadata
import io
import json
import pathlib
import sys
import tempfile

import cbor2
import msgpack
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_tools import protoc
from PIL import Image

GOLDEN = pathlib.Path(__file__).parent / "golden"
VALUE = {
    "event": "chat",
    "id": 7,
    "text": "Grüße ☃",
    "at": datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.timezone.utc),
    "ok": True,
    "none": None,
    "ratio": 0.25,
    "large": 2**63,
    "below": -70000,
    "bytes": b"\x01\x02\x03",
    "list": [1, -1, 300, "x" * 40],
}


def write(name: str, package: str, *payloads: bytes) -> None:
    messages = [{"from": "client", "base64": base64.b64encode(payload).decode()} for payload in payloads]
    packages = [f"{package} {importlib.metadata.version(package)}"]
    sample = {"packages": packages, "path": "/", "subprotocol": "", "messages": messages}
    (GOLDEN / f"{name}.json").write_text(json.dumps(sample, indent=1, ensure_ascii=False) + "\n")
    print(f"{name}: {len(messages)} messages")


def protobuf() -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/chat.pb"
        protoc.main(["protoc", f"-I{GOLDEN}", f"--descriptor_set_out={out}", "--include_imports", str(GOLDEN / "chat.proto")])
        described = pathlib.Path(out).read_bytes()
    (GOLDEN / "chat.pb").write_bytes(described)
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(described).file:
        pool.Add(file)
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName("chat.Message"))()
    message.id, message.kind, message.text = 7, 1, "Grüße ☃"
    message.author.name, message.author.age = "Ann", 33
    message.scores.extend([1, 300, -1])
    message.tags.extend(["new", "first"])
    message.delta, message.stamp, message.offset, message.urgent = -3, 2**40, -5, True
    message.raw = b"\x00\xff"
    message.position.x, message.position.y = 1.5, -2.25
    message.counts["a"] = 1
    message.readers.add(name="Bob")
    write("protobuf", "protobuf", message.SerializeToString(deterministic=True))


def images() -> None:
    payloads = []
    for kind in ["PNG", "JPEG", "GIF", "WEBP", "BMP"]:
        file = io.BytesIO()
        Image.new("RGB", (12, 7), (200, 30, 30)).save(file, kind)
        payloads.append(file.getvalue())
    write("images", "pillow", *payloads)


if sys.version_info < (3, 11):
    sys.exit("record.py needs Python 3.11 or later.")
GOLDEN.mkdir(exist_ok=True)
write("msgpack", "msgpack", msgpack.packb(VALUE, datetime=True), msgpack.packb({1: [2.5, b"x"], "ext": msgpack.ExtType(5, b"abc")}))
write(
    "cbor",
    "cbor2",
    cbor2.dumps(VALUE),
    cbor2.dumps({"large": 2**70, "set": {1}, "undefined": cbor2.undefined, "half": 1.5}),
    cbor2.dumps(cbor2.CBORTag(55799, [1, {2: 3}])),
)
protobuf()
images()
