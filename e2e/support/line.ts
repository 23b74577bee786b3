// A TCP line between browser and relay, which a test can cut and mend, and which keeps what crossed it.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** One connection over the line: all that each end has sent. */
export interface Crossed {
  fromBrowser: Buffer;
  fromRelay: Buffer;
}

export class Line {
  readonly crossed: Crossed[] = [];
  private readonly ends = new Set<Socket>();
  private isCut = false;

  private constructor(
    private readonly server: Server,
    private readonly relay: URL,
  ) {}

  /** A line to the relay at `url`, on a port of its own. */
  static async to(url: string): Promise<Line> {
    const server = createServer();
    const line = new Line(server, new URL(url));
    server.on("connection", (browser) => line.join(browser));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return line;
  }

  /** The relay's address over this line. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ends all connections without a goodbye, and each new one at once. */
  cut(): void {
    this.isCut = true;
    for (const end of this.ends) end.destroy();
  }

  mend(): void {
    this.isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    const closed = once(this.server, "close");
    this.server.close();
    await closed;
  }

  /** The connections whose first bytes were a request for `path`. */
  requestsFor(path: string): Crossed[] {
    return this.crossed.filter(({ fromBrowser }) => fromBrowser.toString("latin1").startsWith(`GET ${path} `));
  }

  private join(browser: Socket): void {
    if (this.isCut) {
      browser.destroy();
      return;
    }
    const relay = connect(Number(this.relay.port), this.relay.hostname);
    const crossed: Crossed = { fromBrowser: Buffer.alloc(0), fromRelay: Buffer.alloc(0) };
    this.crossed.push(crossed);
    browser.on("data", (bytes) => (crossed.fromBrowser = Buffer.concat([crossed.fromBrowser, bytes])));
    relay.on("data", (bytes) => (crossed.fromRelay = Buffer.concat([crossed.fromRelay, bytes])));
    browser.pipe(relay).pipe(browser);
    for (const [end, other] of [
      [browser, relay],
      [relay, browser],
    ] as const) {
      this.ends.add(end);
      // How a line ends is the tests' business; the other end hears of it either way.
      end.on("error", () => {});
      end.on("close", () => {
        this.ends.delete(end);
        other.destroy();
      });
    }
  }
}
