from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

URL = "ws://127.0.0.1:8080/echo"
MESSAGES = ["Hello"]

with connect(URL, subprotocols=["chat"]) as websocket:
    print("open", websocket.subprotocol or "")
    try:
        for message in MESSAGES:
            websocket.send(message)
        for _ in MESSAGES:
            answer = websocket.recv()
            print("text" if isinstance(answer, str) else "binary", answer)
    except ConnectionClosed:
        pass  # the server closed before it sent all replies
print("closed", websocket.close_code, websocket.close_reason)
