// What browsers did about each behavior, as recorded by `cargo xtask docs`: for docs/behaviours.md and for the page, which gets
// it from the relay.
import path from "node:path";

import type { Case, Outcome } from "./outcome.ts";

export const KNOWN = path.resolve(import.meta.dirname, "../../server/src/behaviour/reactions.json");

export type Reaction = Case & Outcome;

export interface Browser {
  name: string;
  /** The major one. */
  version: number;
  reactions: Reaction[];
}

/** The text of the file: a line for each reaction, so that a change shows as one. */
export function recorded(browsers: Browser[]): string {
  const lines = ({ name, version, reactions }: Browser) => {
    const list = reactions.map((reaction) => JSON.stringify(reaction)).join(",\n");
    return `{"name":${JSON.stringify(name)},"version":${version},"reactions":[\n${list}\n]}`;
  };
  return `[${browsers.map(lines).join(",\n")}]\n`;
}

export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

/** One row for each case and one column for each browser. A later browser only says where it differs from the first. */
export function outcomesTable(browsers: Browser[]): string {
  const [first] = browsers;
  const rows = (first?.reactions ?? []).map((reference) => {
    const cells = browsers.map(({ reactions }) => {
      const reaction = reactions.find((other) => sameCase(other, reference));
      if (reaction === undefined) return "not recorded";
      return reaction === reference ? words(reaction) : comparison(reaction, reference, first!.name);
    });
    return [caseWords(reference), ...cells];
  });
  return table(["settings", ...browsers.map(({ name, version }) => `What ${name} ${version} does`)], rows);
}

function sameCase(a: Case, b: Case): boolean {
  return a.query === b.query && (a.subprotocols === undefined) === (b.subprotocols === undefined);
}

function caseWords({ query, subprotocols, send }: Case): string {
  const offered = subprotocols === undefined ? "" : `, offering ${subprotocols.join(", ")}`;
  const sent = { binary: ", sending bytes", long: ", sending 120 bytes", nothing: "" }[send ?? "nothing"];
  return `\`${query}\`${offered}${sent}`;
}

function words({ script, wire, console }: Outcome): string {
  return [`JavaScript: ${script.join(", ")}`, `wire: ${wire.join(", ")}`, consoleWords(console)].join("<br>");
}

function comparison(reaction: Outcome, reference: Outcome, name: string): string {
  const same = [reaction.script, reaction.wire].join() === [reference.script, reference.wire].join();
  return same ? `as ${name}<br>${consoleWords(reaction.console)}` : words(reaction);
}

function consoleWords(console: string): string {
  return console === "" ? "console: nothing" : `console: ${console}`;
}
