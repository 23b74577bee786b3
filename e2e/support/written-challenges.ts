// The challenges as their authors wrote them, read from the folder that the relay has them from.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";

import { parse } from "smol-toml";

const FOLDER = path.resolve(import.meta.dirname, "../../crates/curriculum/course/challenges");

export interface WrittenChallenge {
  id: string;
  place: "anywhere" | "browser";
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
    const [, front] = read("challenge.md").match(/^\+\+\+\n(.*?)\n\+\+\+\n/s) ?? [];
    if (front === undefined) throw new Error(`${id}/challenge.md does not begin with a part in TOML`);
    const written = parse(front) as unknown as {
      place: WrittenChallenge["place"];
      checks: WrittenChallenge["checks"];
      wrong?: { file: string; fails: string; says: string }[];
      "limit-ms"?: number;
    };
    return {
      id,
      place: written.place,
      checks: written.checks,
      limit: written["limit-ms"] ?? 10_000,
      starter: read("starter.js"),
      solution: read("solution.js"),
      wrong: (written.wrong ?? []).map((wrong) => ({ ...wrong, code: read(wrong.file) })),
    };
  });
}
