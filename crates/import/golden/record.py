"""Records the files in this folder. README.md says what they are and what this script needs."""

import asyncio
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import sys
import urllib.request

import websockets

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent.parent
RELAY = os.environ.get("FRAMESCOPE_BIN", str(ROOT / "target/debug/framescope"))
MITMDUMP = shutil.which("mitmdump", path=str(pathlib.Path(sys.executable).parent))


async def line(stream, start):
    """The first line of a program that begins like this."""
    while True:
        text = (await stream.readline()).decode()
        if not text:
            raise SystemExit(f"the program ended before it printed {start}")
        print(text, end="")
        if start in text:
            return text


async def start(*command, waits, on="stdout"):
    """Starts a program, and waits until it prints this."""
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    program = await asyncio.create_subprocess_exec(*command, **pipes)
    return program, await line(getattr(program, on), waits)


async def stop(program):
    program.terminate()
    await program.communicate()


async def talk(url, session, **options):
    """The conversation that dumpcap records."""
    async with websockets.connect(f"{url}/lab/{session}", subprotocols=["chat"], compression="deflate", **options) as socket:
        for _ in range(2):
            await socket.send("Hello, Grüße, 世界. " * 20)
            await socket.recv()
        await socket.send(["in ", "three ", "fragments"])
        await socket.recv()
        await socket.send(bytes(range(256)) * 4)
        await socket.recv()
        await (await socket.ping(b"are you there?"))
        await socket.close(4001, "that is all")


async def plain(url, session):
    async with websockets.connect(f"{url}/lab/{session}", compression=None) as socket:
        await socket.send("x" * 3000)
        await socket.recv()


async def refused(url, session):
    try:
        async with websockets.connect(f"{url}/lab/{session}?refuse=503"):
            raise SystemExit("the relay should refuse this")
    except websockets.exceptions.InvalidStatus:
        pass


def new_session(http):
    request = urllib.request.Request(f"{http}/api/sessions", method="POST")
    return json.load(urllib.request.urlopen(request))["id"]


async def capture(http, secure, session, file, *flags):
    port, tls = (url.rsplit(":", 1)[1].strip() for url in (http, secure))
    filters = f"tcp port {port} or tcp port {tls}"
    dumpcap, _ = await start(
        "dumpcap", "-q", "-i", "lo", "-f", filters, "-w", str(HERE / file), *flags, waits="File:", on="stderr"
    )
    # dumpcap says that it writes before it captures.
    await asyncio.sleep(2)
    ws = http.replace("http", "ws", 1)
    await talk(ws, session)
    await refused(ws, session)
    await plain(ws, session)
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    await talk(secure.replace("https", "wss", 1), session, ssl=trusting)
    await asyncio.sleep(2)
    await stop(dumpcap)


async def through_mitmproxy(http):
    session, file = new_session(http), HERE / "mitmproxy.har"
    proxy, said = await start(
        MITMDUMP, "--mode", f"reverse:{http}", "--listen-host", "127.0.0.1", "--listen-port", "0", "--set", f"hardump={file}",
        waits="listening at",
    )
    url = "ws://" + said.rsplit(" ", 1)[1].strip().rstrip(".").removeprefix("http://")
    await talk(url, session)
    await refused(url, session)
    await stop(proxy)


async def main():
    relay, said = await start(RELAY, "serve", "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--tls-self-signed", waits="http://")
    secure = (await line(relay.stdout, "https://")).rsplit(" ", 1)[1].strip()
    http = said.rsplit(" ", 1)[1].strip()
    try:
        session = new_session(http)
        await capture(http, secure, session, "dumpcap.pcapng")
        exported = urllib.request.urlopen(f"{http}/api/sessions/{session}/export.json").read()
        (HERE / "framescope.json").write_bytes(exported)
        await capture(http, secure, new_session(http), "dumpcap.pcap", "-P")
        await through_mitmproxy(http)
        subprocess.run(["node", str(HERE / "record-har.mjs"), http], check=True)
    finally:
        await stop(relay)


asyncio.run(main())
