// What browsers do about each behavior, and docs/behaviours.md, whose tables come from the relay and from real browsers:
// cargo xtask docs
//
// A run without that command compares: it fails if a behavior is new or gone, or if a browser now reacts in another way.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { catalogue, type Catalogue, type Setting } from "../support/catalogue.ts";
import { SOCKET_FAILED } from "../support/complaints.ts";
import { expect, test } from "../support/lab.ts";
import { outcome, type Case } from "../support/outcome.ts";
import { KNOWN, outcomesTable, recorded, table, type Browser, type Reaction } from "../support/reactions.ts";

const PAGE = path.resolve(import.meta.dirname, "../../docs/behaviours.md");
const WRITING = process.env.FRAMESCOPE_DOCS === "1";

const PLAIN = "deflate=off&";

/** How many cases run at once, each in its own page: most of them only wait, one of them for a minute. */
const PAGES = 6;

/** All that a browser is put through, besides the faults. */
const CASES: Case[] = [
  { query: "open-delay=100ms" },
  ...[300, 301, 302, 303, 307, 308].map((status) => ({ query: `refuse=${status}&location=/echo` })),
  ...[400, 401, 403, 404, 407, 426, 429, 500, 502, 503].map((status) => ({ query: `refuse=${status}` })),
  { query: "refuse=503&body=Back+at+noon" },
  ...["wrong", "missing"].map((value) => ({ query: `sec-accept=${value}` })),
  ...["upgrade", "connection", "both"].map((value) => ({ query: `omit=${value}` })),
  { query: "subprotocol=first", subprotocols: ["chat.v2", "chat.v1"] },
  { query: "subprotocol=none", subprotocols: ["chat.v2", "chat.v1"] },
  { query: "subprotocol=unoffered", subprotocols: ["chat.v2", "chat.v1"] },
  { query: "subprotocol=unoffered" },
  { query: "extension=unoffered" },
  { query: "open=silence", until: "connecting" },
  ...["drop", "reset", "garbage"].map((value) => ({ query: `open=${value}` })),
  { query: "reply=none", until: "nothing taken" },
  { query: "fragments=3" },
  { query: "fragments=3&fragment-pings", until: "pong" },
  { query: "delay=100ms" },
  { query: "drip=2ms" },
  { query: "greet=Welcome", send: "nothing" },
  { query: "push-every=50ms", send: "nothing", until: "two messages" },
  { query: "push-every=50ms&push=tick", send: "nothing", until: "two messages" },
  { query: 'script={"start":{"on":[{"text":"Hello","do":[{"send":"Hi"}]}]}}' },
  { query: "accept=text", send: "binary" },
  { query: "accept=binary" },
  { query: "max-message=16", send: "long" },
  { query: "ping-every=50ms", send: "nothing", until: "pong" },
  { query: "ping-every=50ms&ping-payload=hi", send: "nothing", until: "pong" },
  { query: "ping-every=50ms&pong-within=10s", send: "nothing", until: "pong" },
  { query: "pong=off" },
  { query: "idle=1s", send: "nothing" },
  { query: "idle=1s&idle-end=drop", send: "nothing" },
  { query: "idle=1s&idle-end=reset", send: "nothing" },
  { query: "close-after=1", until: "two messages" },
  { query: "close-after=1s&close-code=4000&close-reason=enough", send: "nothing" },
  { query: "close-after=1s&close-code=1012&close-reason=restarting", send: "nothing" },
  { query: "close-answer=off" },
  { query: "drop-after=1", until: "two messages" },
  { query: "drop-after=1&drop-by=reset", until: "two messages" },
];

test("every behaviour is documented, with what this browser does", { tag: "@waiting" }, async ({ context, relay, browser, browserName, complaints }) => {
  complaints.expect(SOCKET_FAILED, /^Failed to load resource/);
  const all = await catalogue(relay.url);
  const faults = all.faults.map(({ name }) => ({ query: `fault=${name}` }));
  everythingIsTried(all, [...CASES, ...faults]);

  const cases = [...CASES, ...faults];
  const reactions: Reaction[] = [];
  let next = 0;
  const work = async () => {
    const page = await context.newPage();
    // There is no such file, so nothing runs here, but the policy of the page applies.
    await page.goto("/blank.txt");
    for (let at = next++; at < cases.length; at = next++) {
      const tried = cases[at]!;
      // Broken compression takes compression.
      const query = tried.query.includes("broken-deflate") ? tried.query : PLAIN + tried.query;
      reactions[at] = { ...tried, ...(await outcome(page, { ...tried, query })) };
    }
  };
  await Promise.all(Array.from({ length: PAGES }, work));

  const name = browserName === "firefox" ? "Firefox" : "Chromium";
  const version = Number.parseInt(browser.version());
  const known = JSON.parse(await readFile(KNOWN, "utf8")) as Browser[];
  const before = known.find((other) => other.name === name);
  const comparable = WRITING || before === undefined || before.version === version;
  const now = comparable ? { name, version, reactions } : before;
  if (!comparable) {
    const differ = JSON.stringify(before.reactions) === JSON.stringify(reactions) ? "nothing has changed" : "something has changed";
    const description = `recorded for ${name} ${before.version}, this is ${version}; ${differ}`;
    test.info().annotations.push({ type: "not compared", description });
    console.log(`${path.basename(KNOWN)} was ${description}. To record it again: cargo xtask docs`);
  }
  const browsers = [...known.filter((other) => other.name !== name), now].sort((a, b) => (a.name < b.name ? -1 : 1));
  const old = await readFile(PAGE, "utf8");
  let text = fill(old, "settings", settingsTables(all));
  text = fill(text, "presets", presetsTable(all));
  text = fill(text, "faults", faultsTable(all));
  text = fill(text, "outcomes", outcomesTable(browsers));
  if (WRITING) {
    await writeFile(KNOWN, recorded(browsers));
    await writeFile(PAGE, text);
    return;
  }
  expect(now.reactions, "to record it again: cargo xtask docs").toEqual(before?.reactions);
  expect(text, "to write it again: cargo xtask docs").toEqual(old);
});

/** Each setting is tried, and each of its choices. */
function everythingIsTried({ settings }: Catalogue, cases: Case[]): void {
  const tried = new Set(cases.flatMap(({ query }) => query.split("&").flatMap((item) => [item, item.split("=")[0]])));
  // What compression does has tests of its own; what is the default needs none; a preset is made of the others.
  const wanted = settings.filter(({ group, name }) => group !== "compression" && name !== "preset");
  const names = wanted.flatMap(({ name, choices }) => choices?.map((choice) => `${name}=${choice}`) ?? [name]);
  const defaults = ["reply=echo", "pong=on", "close-answer=on", "idle-end=close", "drop-by=fin"];
  // What the server says is different each time, and a browser does with it what it does with any message.
  defaults.push("reply=token", "shuffle", "silent-after", "greet-bytes", "subprotocol=in-turn");
  expect(names.filter((name) => !tried.has(name) && !defaults.includes(name))).toEqual([]);
}

/** `page` with the table between its two marks put in place of the old one. */
function fill(page: string, name: string, table: string): string {
  const [begin, end] = [`<!-- made by cargo xtask docs: ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < 0) throw new Error(`docs/behaviours.md has no place for ${name}`);
  return `${page.slice(0, from + begin.length)}\n\n${table}\n\n${page.slice(to)}`;
}

const GROUPS = [
  ["opening", "Opening handshake"],
  ["messages", "Messages"],
  ["heartbeat", "Heartbeat and idle timeout"],
  ["closing", "Closing"],
  ["faults", "Faults"],
  ["compression", "Compression"],
] as const;

function settingsTables({ settings }: Catalogue): string {
  const takes = ({ choices, value }: Setting) => choices?.map((choice) => `\`${choice}\``).join(", ") ?? value ?? "";
  const row = (setting: Setting) => [
    `\`${setting.name}\``,
    takes(setting),
    setting.what,
    `\`${setting.example}\``,
    setting.while_open ? "yes" : "",
  ];
  const head = ["setting", "takes", "what it does", "for example", "while open"];
  return GROUPS.map(([group, title]) => {
    return `### ${title}\n\n${table(head, settings.filter((setting) => setting.group === group).map(row))}`;
  }).join("\n\n");
}

function presetsTable({ presets }: Catalogue): string {
  const rows = presets.map(({ name, title, query, what }) => [`\`${name}\``, title, what, `\`${query}\``]);
  return table(["preset", "title", "what happens", "the same as"], rows);
}

function faultsTable({ faults }: Catalogue): string {
  const rows = faults.map(({ name, what, rfc, section, legal }) => [
    `\`${name}\``,
    what,
    `RFC ${rfc} §${section}${legal ? ", which allows it" : ""}`,
  ]);
  return table(["fault", "what the relay does", "the rule"], rows);
}
