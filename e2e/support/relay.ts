// The real relay as a process: started on a free port, stopped, started again on the same one.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";

import { test as base } from "@playwright/test";

import { answerForFirefox } from "./firefox.ts";

/** The binary that the tests run. */
export const BINARY = process.env.FRAMESCOPE_BIN ?? path.resolve(import.meta.dirname, "../../target/debug/framescope");

/** What the relay prints once it accepts connections, a line for each kind. */
const LISTENING = /^Framescope is listening on (https?:\/\/\S+)/;
/** The flag with which it speaks TLS too. */
const TLS = "--tls-listen";

/** How long the relay may take to say so, and how long to end when asked. In milliseconds. */
const START_LIMIT = 60_000;
const STOP_LIMIT = 30_000;

export class Relay {
  private process: ChildProcess | undefined;
  private log = "";
  private origin = "";
  private tlsOrigin = "";

  private constructor(private readonly flags: readonly string[]) {}

  /** Starts a relay on a free port. `flags` are those of `framescope serve`. */
  static async start(...flags: string[]): Promise<Relay> {
    const relay = new Relay(flags);
    await relay.listen("127.0.0.1:0");
    return relay;
  }

  /** Where it listens, without a closing slash: `http://127.0.0.1:40123`. */
  get url(): string {
    return this.origin;
  }

  /** The same for a WebSocket: `ws://127.0.0.1:40123`. */
  get wsUrl(): string {
    return this.origin.replace(/^http/, "ws");
  }

  /** Where it speaks TLS, by a name that its self-signed certificate is for: `https://localhost:40124`. */
  get tlsUrl(): string {
    return this.tlsOrigin.replace("127.0.0.1", "localhost");
  }

  /** The same for a WebSocket. */
  get wssUrl(): string {
    return this.tlsUrl.replace(/^http/, "ws");
  }

  /** All that it has printed, to explain a failure. */
  get output(): string {
    return this.log;
  }

  /** Asks it to end, as an operator would, and waits until it has. */
  async stop(): Promise<void> {
    await this.end("SIGTERM");
  }

  /** Sends it the signal to stop, and does not wait. With `--drain`, it goes on for a while. */
  terminate(): void {
    this.process?.kill("SIGTERM");
  }

  /** Ends it in the middle of whatever it does, as a crash would. */
  async crash(): Promise<void> {
    await this.end("SIGKILL");
  }

  /** Starts it again where it listened before, after `stop` or `crash`. */
  async startAgain(): Promise<void> {
    await this.listen(new URL(this.origin).host);
  }

  private async listen(address: string): Promise<void> {
    const child = spawn(BINARY, ["serve", "--listen", address, ...this.flags], {
      stdio: ["ignore", "pipe", "pipe"],
      // All that it ever says, which `expectNothingSecret` reads at the end.
      env: { ...process.env, FRAMESCOPE_LOG: "trace" },
    });
    this.process = child;
    [this.origin, this.tlsOrigin] = ["", ""];
    child.stderr.on("data", (chunk: Buffer) => (this.log += chunk.toString()));

    let limit: NodeJS.Timeout | undefined;
    const listening = new Promise<void>((resolve, reject) => {
      limit = setTimeout(() => reject(new Error(`it sent nothing for ${START_LIMIT} ms`)), START_LIMIT);
      child.on("error", reject);
      child.on("exit", (code, signal) => reject(new Error(`it ended with ${signal ?? code}`)));
      createInterface(child.stdout).on("line", (line) => {
        this.log += `${line}\n`;
        const origin = LISTENING.exec(line)?.[1];
        if (origin === undefined) return;
        if (origin.startsWith("https:")) this.tlsOrigin = origin;
        else this.origin = origin;
        if (this.origin !== "" && (this.tlsOrigin !== "" || !this.flags.includes(TLS))) resolve();
      });
    });
    try {
      await listening;
    } catch (error) {
      child.kill("SIGKILL");
      throw new Error(`The relay ${BINARY} did not start: ${(error as Error).message}\n${this.log}`);
    } finally {
      clearTimeout(limit);
    }
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    // A second signal, of the other kind, ends a drain. Two of the same kind may arrive as one.
    if (signal === "SIGTERM" && this.flags.includes("--drain")) child.kill("SIGINT");
    const limit = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT);
    await ended;
    clearTimeout(limit);
  }
}

/** The log of a relay has no session's name, which gives access, and none of what visitors sent. Fails with the line that has. */
function expectNothingSecret(log: string): void {
  const secret = /\b[a-z2-7]{26}\b|"Hello"|still here|[Cc]ookie: |Bearer /;
  const line = log.split("\n").find((text) => secret.test(text));
  if (line !== undefined) throw new Error(`The relay's log must not have this: ${line}`);
}

/**
 * `relay` is shared by the tests of one worker, and `baseURL` is its address, so that `page.goto("/")` works.
 * `startRelay` gives one test a relay of its own, which it may stop and start; it ends with the test.
 */
export const test = base.extend<{ startRelay: typeof Relay.start }, { relay: Relay }>({
  browser: [
    async ({ browser, browserName }, use) => {
      if (browserName === "firefox") answerForFirefox(browser);
      await use(browser);
    },
    { scope: "worker" },
  ],

  relay: [
    async ({}, use) => {
      const relay = await Relay.start();
      await use(relay);
      await relay.stop();
      expectNothingSecret(relay.output);
    },
    { scope: "worker" },
  ],

  baseURL: async ({ relay }, use) => use(relay.url),

  startRelay: async ({}, use) => {
    const started: Relay[] = [];
    await use(async (...flags) => {
      const relay = await Relay.start(...flags);
      started.push(relay);
      return relay;
    });
    await Promise.all(started.map((relay) => relay.stop()));
    started.forEach((relay) => expectNothingSecret(relay.output));
  },
});

export { expect } from "@playwright/test";
