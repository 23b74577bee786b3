// Sessions made and graded through the relay's HTTP interface alone, as a learner's own program could do it.
import { setTimeout as pause } from "node:timers/promises";

import type { WrittenChallenge } from "./written-challenges.ts";

export interface Verdict {
  check: string;
  met: boolean;
  found: string;
}

interface Observed {
  seq: number;
  connection: number;
  event: Record<string, { from?: string; fin?: boolean; opcode?: number; header?: string; payload?: string } | undefined>;
}

/** How long a connection may take to end once its client has left it, in milliseconds. */
const LEAVING = 30_000;

export class GradedSession {
  private constructor(
    private readonly relay: string,
    readonly id: string,
    private readonly challenge: WrittenChallenge,
    /** The values that the learner is given. */
    readonly given: Record<string, string>,
  ) {}

  static async begin(relay: string, challenge: WrittenChallenge): Promise<GradedSession> {
    const { id } = (await (await fetch(`${relay}/api/sessions`, { method: "POST" })).json()) as { id: string };
    return new GradedSession(relay, id, challenge, {});
  }

  /** A session that a page has begun, with the values that it shows. */
  static of(relay: string, id: string, challenge: WrittenChallenge, given: Record<string, string>): GradedSession {
    return new GradedSession(relay, id, challenge, given);
  }

  /** The address of the challenge's lab. */
  get url(): string {
    const { id, query, via, conceal, scripted } = this.challenge;
    const settings = conceal || scripted || query.includes("{{") ? `challenge=${id}` : query;
    const route = via === undefined ? "" : `/via/${via}`;
    return `${this.relay.replace(/^http/, "ws")}${route}/lab/${this.id}?${settings}`;
  }

  /** Waits until every connection has ended; gives all that was recorded. */
  async settled(): Promise<Observed[]> {
    for (const until = Date.now() + LEAVING; ; await pause(20)) {
      const log = await fetch(`${this.relay}/api/sessions/${this.id}/export.json`);
      if (log.ok) {
        const { observations } = (await log.json()) as { observations: Observed[] };
        const of = (...kinds: string[]) =>
          observations.filter(({ event }) => kinds.some((kind) => kind in event)).map(({ connection }) => connection);
        const ended = new Set(of("closed", "refusal"));
        if (of("opening", "asked").every((connection) => ended.has(connection))) return observations;
      }
      if (Date.now() > until) throw new Error(`A connection of ${this.challenge.id} does not end`);
    }
  }

  /** The number of the last observation. */
  async last(): Promise<number> {
    return (await this.settled()).at(-1)?.seq ?? 0;
  }

  /** The bytes that the server sent on the newest connection in hex, and the number of frames in its first message. */
  async lastReceived(): Promise<{ hex: string; count: number }> {
    const observations = await this.settled();
    const newest = observations.findLast(({ event }) => "opening" in event)?.connection;
    const frames = observations.filter(({ connection, event }) => connection === newest && event.frame?.from === "server");
    const hex = frames.map(({ event: { frame } }) => `${frame!.header}${Buffer.from(frame!.payload ?? "", "base64").toString("hex")}`);
    const data = frames.map(({ event }) => event.frame!).filter(({ opcode }) => opcode! < 8);
    return { hex: hex.join(""), count: data.findIndex(({ fin }) => fin) + 1 };
  }

  /** The relay's verdict on each check, for the connections after `since`. */
  async grade(since = 0): Promise<Verdict[]> {
    await this.settled();
    for (;;) {
      const body = JSON.stringify({ challenge: this.challenge.id, since, only_report: true });
      const answer = await fetch(`${this.relay}/api/sessions/${this.id}/receipts`, { method: "POST", body });
      const said = (await answer.json()) as { verdicts?: Verdict[]; error?: string };
      if (said.verdicts !== undefined) return said.verdicts;
      // All places for grading are taken.
      if (answer.status !== 503 && answer.status !== 429) throw new Error(`${answer.status}: ${said.error}`);
      await pause(50);
    }
  }
}
