"""A client written with `websockets`: says what it is given, and prints what comes back."""

import sys

from websockets.sync.client import connect

url, *messages = sys.argv[1:]
with connect(url) as socket:
    for message in messages:
        socket.send(message)
        print(socket.recv(), flush=True)
