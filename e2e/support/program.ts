// A program that serves on a loopback address, such as Redis or nginx: started, stopped, started again.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as later } from "node:timers/promises";

/** How long the program may take until it accepts connections. In milliseconds. */
const START_LIMIT = 60_000;

export interface Address {
  host: string;
  port: number;
}

/** A free port of an address from which no process connects, so it stays free while the program is stopped. */
export async function freeAddress(): Promise<Address> {
  const host = `127.79.${(process.pid >> 8) & 255}.${process.pid & 255}`;
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return { host, port };
}

export class Program {
  /** Deleted at the end. */
  readonly folder = mkdtempSync(path.join(tmpdir(), "framescope-e2e-"));
  private process: ChildProcess | undefined;
  private log = "";

  constructor(
    private readonly file: string,
    readonly address: Address,
    private readonly parameters: (folder: string) => readonly string[],
  ) {}

  /** Starts it, and waits until it accepts connections. */
  async start(): Promise<void> {
    // Debian's packages may be unpacked in a folder, and this is `usr/sbin/nginx` in it.
    const libraries = ["x86_64", "aarch64"].map((arch) => path.resolve(this.file, `../../../usr/lib/${arch}-linux-gnu`));
    const child = spawn(this.file, this.parameters(this.folder), {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, LD_LIBRARY_PATH: libraries.join(":") },
    });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (this.log += chunk.toString()));
    this.process = child;
    const limit = Date.now() + START_LIMIT;
    while (!(await this.accepts())) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > limit) {
        await this.stop();
        throw new Error(`${this.file} did not start:\n${this.log}`);
      }
      await later(20);
    }
  }

  /** Ends it at once, and waits until it has ended. */
  async stop(): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async accepts(): Promise<boolean> {
    const socket = connect(this.address);
    try {
      await once(socket, "connect");
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }
}
