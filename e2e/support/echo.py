"""A WebSocket server written with `websockets`: echoes, and says where it listens.

`/refuse` is refused with a text of its own, `/redirect` leads elsewhere."""

import http

from websockets.sync.server import serve


def answer(connection, request):
    if request.path == "/refuse":
        return connection.respond(http.HTTPStatus.FORBIDDEN, "not for you, says Python\n")
    if request.path == "/redirect":
        response = connection.respond(http.HTTPStatus.FOUND, "over there\n")
        response.headers["Location"] = "ws://elsewhere.example/"
        return response
    return None


def echo(connection):
    for message in connection:
        connection.send(message)


with serve(echo, "127.0.0.1", 0, process_request=answer, subprotocols=["chat"]) as server:
    print(f"ws://127.0.0.1:{server.socket.getsockname()[1]}", flush=True)
    server.serve_forever()
