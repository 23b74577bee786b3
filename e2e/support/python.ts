// A WebSocket server of other making: Python's `websockets`.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";

/** The one that `cargo xtask test` has fetched, with the package, or one on PATH. */
const PYTHON = process.env.FRAMESCOPE_PYTHON ?? "python3";
const SCRIPT = path.join(import.meta.dirname, "echo.py");

export class PythonServer {
  private constructor(
    private readonly process: ChildProcess,
    /** Where it listens: `ws://127.0.0.1:40123`. */
    readonly url: string,
  ) {}

  static async start(): Promise<PythonServer> {
    const child = spawn(PYTHON, [SCRIPT], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const url = await new Promise<string>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", () => reject(new Error(`${PYTHON} cannot serve, it needs the package websockets:\n${said}`)));
      createInterface(child.stdout).once("line", resolve);
    });
    return new PythonServer(child, url);
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await ended;
  }
}

/** Has a client of the same package solve a challenge at `url` with the learner's own values; gives what it printed. */
export function solveInPython(challenge: string, url: string, given: Record<string, string> = {}): Promise<string> {
  return run("solve.py", challenge, url, given);
}

/** The same with a plain TCP socket. */
export function solveOverSocket(challenge: string, url: string, given: Record<string, string> = {}): Promise<string> {
  return run("raw.py", challenge, url, given);
}

/** The challenges that such a script solves. */
export function solved(file: "solve.py" | "raw.py"): string[] {
  // Both know the dialogues.
  const read = (name: string) => readFileSync(path.join(import.meta.dirname, name), "utf8");
  return Array.from([read(file), read("dialogues.py")].join("\n").matchAll(/^@solves\("([^"]+)"\)/gm), ([, id]) => id!);
}

async function run(file: string, challenge: string, url: string, given: Record<string, string>): Promise<string> {
  const script = path.join(import.meta.dirname, file);
  const child = spawn(PYTHON, ["-B", script, challenge, url, JSON.stringify(given)], { stdio: ["ignore", "pipe", "pipe"] });
  let [printed, said] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${PYTHON} ended with ${code} in ${file} at ${challenge}:\n${printed}${said}`);
  return printed;
}
