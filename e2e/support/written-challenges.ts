// The challenges as their authors wrote them, read from the folder that the relay has them from.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";

import { parse } from "smol-toml";

const FOLDER = path.resolve(import.meta.dirname, "../../crates/curriculum/course/challenges");

export interface WrittenChallenge {
  id: string;
  place: "anywhere" | "browser";
  query: string;
  via?: string;
  /** Whether the server follows a script. */
  scripted: boolean;
  /** Whether the relay keeps what it does deliberately to itself. */
  conceal: boolean;
  /** Whether the task names values of the session. */
  hasValues: boolean;
  checks: { id: string; pasted?: unknown; backoff?: unknown }[];
  /** Milliseconds that a run may take. */
  limit: number;
  starter: string;
  solution: string;
  /** Code that is wrong: which check it must fail, and words of what is said. */
  wrong: { file: string; code: string; fails: string; says: string }[];
}

export function challenges(): WrittenChallenge[] {
  const folders = readdirSync(FOLDER).filter((id) => existsSync(path.join(FOLDER, id, "challenge.md")));
  return folders.map((id) => {
    const read = (file: string) => readFileSync(path.join(FOLDER, id, file), "utf8");
    const [, front, task = ""] = read("challenge.md").match(/^\+\+\+\n(.*?)\n\+\+\+\n(.*)$/s) ?? [];
    if (front === undefined) throw new Error(`${id}/challenge.md does not begin with a part in TOML`);
    const written = parse(front) as unknown as {
      place: WrittenChallenge["place"];
      query?: string;
      via?: string;
      conceal?: boolean;
      script?: unknown;
      checks: WrittenChallenge["checks"];
      wrong?: { file: string; fails: string; says: string }[];
      "limit-ms"?: number;
    };
    return {
      id,
      place: written.place,
      query: written.query ?? "",
      via: written.via,
      scripted: written.script !== undefined,
      conceal: written.conceal ?? false,
      hasValues: task.includes("{{"),
      checks: written.checks,
      limit: written["limit-ms"] ?? 5_000,
      starter: read("starter.js"),
      solution: read("solution.js"),
      wrong: (written.wrong ?? []).map((wrong) => ({ ...wrong, code: read(wrong.file) })),
    };
  });
}

/** The beginning of the line of a solution that takes the number of frames in the server's first message. */
export const FRAMES = "const fragments = 0;";

/** The line of a concealed challenge's solution that takes the bytes of the last run. */
export const RECEIVED = 'const received = "";';

/** Most runs in which such a solution passes: one to begin with, and one for each point, some of them lost on rules named before. */
export const MOST_RUNS = 12;
