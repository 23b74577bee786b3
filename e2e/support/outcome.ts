// One connection of a real browser to a lab that behaves in a certain way: what JavaScript was told, what the wire carried,
// and what the browser's console said.
import type { Page } from "@playwright/test";

import { onSocketFailure } from "./complaints.ts";

export interface Case {
  /** The behaviour, as in the URL. */
  query: string;
  subprotocols?: string[];
  /** What the page sends once it is open, the text `Hello` if nothing is said. */
  send?: "binary" | "long" | "nothing";
  /** What is waited for before the page closes the socket, if nothing has ended it. */
  until?: "message" | "two messages" | "pong" | "nothing taken" | "connecting";
}

export interface Outcome {
  script: string[];
  wire: string[];
  console: string;
}

/** An observation, as far as it is looked at here. */
interface Seen {
  event: {
    opening?: { deliberate: unknown[] };
    refusal?: { status: number | null; response: string };
    frame?: { from: string; opcode: number; masking_key: string | null; payload: string; deliberate: unknown };
    act?: { deliberate: { what: string; explanation: string } };
    closed?: { cause: string };
  };
}

/** What the wire carried if the relay ended the TCP connection without a complete closing handshake. */
const CUT = "the relay ends the TCP connection";

/** If the relay closes and then ends the TCP connection, `wasClean` in Firefox depends on which of both it handles first. */
function undecided(event: string): string {
  return event.startsWith("close 1006") ? event : event.replace(/wasClean (true|false)$/, "wasClean true or false");
}

/** What Chromium's console says before the reason. */
const FAILED = /^WebSocket connection to '.*?' failed: /s;
/** A URL in what Firefox's console says, without the full stop behind it. */
const URL_IN_TEXT = /wss?:\/\/\S+?(?=\.?(\s|$))/g;

export async function outcome(page: Page, { query, subprotocols = [], send, until = "message" }: Case): Promise<Outcome> {
  const said: string[] = [];
  let hear = () => {};
  const complaint = new Promise<void>((resolve) => (hear = resolve));
  const stop = onSocketFailure(page, (line) => {
    said.push(line);
    hear();
  });
  const { events, seen } = await page.evaluate(connect, { query, subprotocols, send, until });
  if (events.includes("error")) await complaint;
  // A second line comes with the first one, so it is here before the answer to a further command.
  await page.evaluate(() => {});
  stop();
  const wire = wireAfter(seen as Seen[]);
  const firefox = page.context().browser()?.browserType().name() === "firefox";
  return {
    script: firefox && wire.includes(CUT) ? events.map(undecided) : events,
    wire,
    console: said.map((text) => text.replace(FAILED, "").replaceAll(URL_IN_TEXT, "URL")).join("; "),
  };
}

/** Runs in the page. */
async function connect({ query, subprotocols, send, until }: Required<Pick<Case, "query" | "subprotocols" | "until">> & Pick<Case, "send">) {
  const session = (await (await fetch("/api/sessions", { method: "POST" })).json()) as { lab: string; observe: string };
  const seen: Record<string, any>[] = [];
  const events: string[] = [];
  // Looked at again after each thing that happens.
  let look = () => {};
  const holds = (condition: () => boolean) =>
    new Promise<void>((resolve) => {
      look = () => condition() && resolve();
      look();
    });
  const happened = (event: (value: Record<string, any>) => unknown) => seen.some(({ event: value }) => event(value));

  const feed = new WebSocket(`ws://${location.host}${session.observe}`, "framescope.observe.v1");
  feed.onmessage = ({ data }) => {
    seen.push(...(JSON.parse(data).observations ?? []));
    look();
  };
  await new Promise((opened) => (feed.onopen = opened));

  const socket = new WebSocket(`ws://${location.host}${session.lab}?${query}`, subprotocols);
  socket.binaryType = "arraybuffer";
  const quoted = (text: string) => (text.length > 60 ? `“${text.slice(0, 60)}…”` : `“${text}”`);
  const note = (event: string) => {
    events.push(event);
    look();
  };
  socket.onopen = () => {
    note(socket.protocol === "" ? "open" : `open, as ${quoted(socket.protocol)}`);
    if (send === "binary") socket.send(new Uint8Array([1, 2, 3]));
    else if (send === "long") socket.send("Hello ".repeat(20));
    else if (send === undefined) socket.send("Hello");
  };
  socket.onmessage = ({ data }) => note(`message ${typeof data === "string" ? quoted(data) : `${data.byteLength} bytes`}`);
  socket.onerror = () => note("error");
  socket.onclose = ({ code, reason, wasClean }) => {
    note(`close ${code}${reason === "" ? "" : ` ${quoted(reason)}`}, wasClean ${wasClean}`);
  };
  // Not by `readyState`, which is CLOSED before the page is told.
  const ended = () => events.some((event) => event.startsWith("close"));
  const messages = (count: number) => events.filter((event) => event.startsWith("message")).length >= count;
  const enough = {
    message: () => messages(1),
    "two messages": () => messages(2),
    // The feed may tell of the pong before the socket has the message.
    pong: () => happened(({ frame }) => frame?.from === "client" && frame.opcode === 10) && (send === "nothing" || messages(1)),
    "nothing taken": () => happened(({ act }) => act !== undefined),
    connecting: () => happened(({ refusal }) => refusal !== undefined),
  }[until];
  await holds(() => ended() || enough());
  if (!ended()) {
    // What arrives during the closing handshake does not matter here.
    socket.onmessage = null;
    note("(the page calls close)");
    socket.close();
    await holds(ended);
  }
  // How the relay saw it end. After a refusal there is nothing more to see, but for a silence.
  await holds(() => happened(({ closed, refusal, act }) => closed || (refusal && until !== "connecting") || (act && until === "connecting")));
  feed.close();
  return { events, seen };
}

/** What the wire carried from the first thing on that was done deliberate; of the same again and again, once. */
function wireAfter(seen: Seen[]): string[] {
  const deliberate = ({ event }: Seen) => event.act !== undefined || event.frame?.deliberate != null || event.refusal !== undefined;
  const first = Math.max(0, seen.findIndex(deliberate));
  const words = seen.slice(first).flatMap(({ event }) => {
    if (event.refusal !== undefined) return [event.refusal.status === null ? "no answer in HTTP" : `${event.refusal.status}`];
    if (event.closed !== undefined) return [endOf(event.closed.cause)];
    if (event.act !== undefined) return event.act.deliberate.what === "open" ? [event.act.deliberate.explanation] : [];
    // What the page sends is said already.
    if (event.frame?.from !== "client" || event.frame.opcode < 8) return [];
    return [`browser: ${frameWords(event.frame)}`];
  });
  return words.filter((word, at) => word !== words[at - 1]);
}

function endOf(cause: string): string {
  switch (cause) {
    case "line-ended":
    case "line-broke":
      return "the browser ends the TCP connection";
    case "dropped":
    case "reset":
      return "the relay has ended the TCP connection";
    case "no-close-answer":
      return "no close frame comes back";
    case "violation":
    case "too-big":
    case "not-accepted":
      return CUT;
    default:
      return "both sides close";
  }
}

function frameWords({ opcode, masking_key, payload }: NonNullable<Seen["event"]["frame"]>): string {
  const key = Buffer.from(masking_key ?? "00000000", "hex");
  const bytes = Buffer.from(payload, "base64").map((byte, index) => byte ^ key[index % 4]!);
  if (opcode === 10) return "PONG";
  if (bytes.length < 2) return "CLOSE without a code";
  const reason = Buffer.from(bytes).subarray(2).toString();
  return `CLOSE ${(bytes[0]! << 8) | bytes[1]!}${reason === "" ? "" : ` “${reason}”`}`;
}
