from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

URL = "ws://127.0.0.1:8080/echo?a='b\"&c=${d}"
MESSAGES = [
    "it's \"quoted\" \\ and\nin two lines\t<URL>",
    "</script><!-- ${1 + 1} `id` $(id) {MESSAGES} %s %d !! ; & | * ~ #",
    "Grüße, 世界 🦀 \u202e\x1b[31m\u2028\x00",
    "-n",
]

with connect(URL, subprotocols=["it's", "$`|~"]) as websocket:
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
