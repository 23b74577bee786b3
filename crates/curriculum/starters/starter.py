# pip install websockets
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

URL = {{lab.url}}
GIVEN = {{lab.given}}

with connect(URL) as socket:
    print("open", GIVEN)
    try:
        socket.send("TODO")  # what the task asks for
        while True:
            print("received", socket.recv(timeout=2))
    except TimeoutError:
        print("nothing more for two seconds")
    except ConnectionClosed:
        pass
print("closed", socket.close_code, socket.close_reason)
