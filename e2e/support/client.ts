// A WebSocket client made of nothing but a TCP socket: it sends the bytes that a test writes down, right or wrong.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** The opcodes of RFC 6455 §5.2. */
export const CONTINUATION = 0x0;
export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

interface FrameParts {
  opcode: number;
  payload: Buffer | string;
  /** FIN; set if it is left out. */
  fin?: boolean;
  /** RSV1, which marks a compressed message. RFC 7692 §6. */
  rsv1?: boolean;
  /** Four bytes; `null` leaves the payload unmasked, which a client must not. */
  key?: Buffer | null;
}

/** The bytes of a client's frame. RFC 6455 §5.2. */
export function frame({ opcode, payload, fin = true, rsv1 = false, key = randomBytes(4) }: FrameParts): Buffer {
  const plain = Buffer.from(payload);
  const length = lengthField(plain.length);
  length[0]! |= key === null ? 0 : 0x80;
  const masked = plain.map((byte, index) => (key === null ? byte : byte ^ key[index % 4]!));
  return Buffer.concat([Buffer.of((fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode), length, key ?? Buffer.alloc(0), masked]);
}

function lengthField(bytes: number): Buffer {
  if (bytes < 126) return Buffer.of(bytes);
  if (bytes < 65_536) return Buffer.of(126, bytes >> 8, bytes & 0xff);
  const field = Buffer.alloc(9);
  field[0] = 127;
  field.writeBigUInt64BE(BigInt(bytes), 1);
  return field;
}

/** The lines of an opening handshake, without those of `leaveOut` and with those of `add`. */
export function handshake(url: string, { leaveOut = [], add = [] }: { leaveOut?: string[]; add?: string[] } = {}): string {
  const { host, pathname, search } = new URL(url);
  const headers = [
    `Host: ${host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    "Sec-WebSocket-Version: 13",
  ].filter((line) => !leaveOut.some((name) => line.startsWith(`${name}:`)));
  return [`GET ${pathname}${search} HTTP/1.1`, ...headers, ...add, "", ""].join("\r\n");
}

export class Client {
  private received = Buffer.alloc(0);

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on("data", (bytes) => (this.received = Buffer.concat([this.received, bytes])));
    // A relay that fails the connection may reset it; what it said before counts.
    socket.on("error", () => {});
  }

  /** A TCP connection to the server of `url`, on which nothing has been said. */
  static async call(url: string): Promise<Client> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const client = new Client(socket);
    await once(socket, "connect");
    return client;
  }

  /** A WebSocket to `url`, asked for with the headers of `add` as well. */
  static async open(url: string, ...add: string[]): Promise<Client> {
    const client = await Client.call(url);
    client.send(handshake(url, { add }));
    const answer = await client.head();
    if (!answer.startsWith("HTTP/1.1 101 ")) throw new Error(`No upgrade:\n${answer}`);
    return client;
  }

  send(...bytes: (Buffer | string)[]): void {
    this.socket.write(Buffer.concat(bytes.map((part) => Buffer.from(part))));
  }

  /** Sends one byte after another, each as a TCP segment of its own. */
  async drip(bytes: Buffer): Promise<void> {
    for (const byte of bytes) {
      await new Promise<void>((sent) => this.socket.write(Buffer.of(byte), () => setImmediate(sent)));
    }
  }

  /** Waits for an HTTP head and takes it off what was received. */
  async head(): Promise<string> {
    for (;;) {
      const end = this.received.indexOf("\r\n\r\n");
      if (end >= 0) return this.take(end + 4).toString("latin1");
      await this.more();
    }
  }

  /** Waits for `count` bytes and takes them off what was received. */
  async bytes(count: number): Promise<Buffer> {
    while (this.received.length < count) await this.more();
    return this.take(count);
  }

  /** Waits until the server ends the connection; gives what it sent that was not taken yet. */
  async ended(): Promise<Buffer> {
    if (!this.socket.closed) await once(this.socket, "close");
    return this.received;
  }

  /** Drops the line without a goodbye. */
  hangUp(): void {
    this.socket.destroy();
  }

  private take(count: number): Buffer {
    const taken = this.received.subarray(0, count);
    this.received = this.received.subarray(count);
    return taken;
  }

  private async more(): Promise<void> {
    if (this.socket.closed) throw new Error(`The line ended after ${JSON.stringify(this.received.toString("latin1"))}`);
    await Promise.race([once(this.socket, "data"), once(this.socket, "close")]);
  }
}
