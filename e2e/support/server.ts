// A WebSocket server that is not the relay, and not a good one: it completes the handshake and then says nothing.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

export class SilentServer {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly spoil: (response: string) => string,
  ) {}

  /** `spoil` changes the response to the handshake. */
  static async start(spoil = (response: string) => response): Promise<SilentServer> {
    const server = createServer();
    const silent = new SilentServer(server, spoil);
    server.on("connection", (socket) => silent.answer(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return silent;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  /** Ends all connections without a goodbye. */
  hangUp(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Ends; whoever connects from now on is refused. */
  async stop(): Promise<void> {
    if (!this.server.listening) return;
    this.hangUp();
    const closed = once(this.server, "close");
    this.server.close();
    await closed;
  }

  private answer(socket: Socket): void {
    this.sockets.add(socket);
    // How a line ends is the tests' business.
    socket.on("error", () => {});
    socket.on("close", () => this.sockets.delete(socket));
    socket.once("data", (request) => {
      const key = /Sec-WebSocket-Key: (\S+)/.exec(request.toString("latin1"))?.[1] ?? "";
      // RFC 6455 §4.2.2, item 5.4.
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
      socket.write(this.spoil([...head, `Sec-WebSocket-Accept: ${accept}`, "", ""].join("\r\n")));
      socket.resume();
    });
  }
}
