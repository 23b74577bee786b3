// Prints at the end of a run why each failed test failed, in a few lines. A log of which only the end is kept has them.
import path from "node:path";
import { stripVTControlCharacters } from "node:util";

import type { Reporter, TestCase, TestError, TestResult } from "@playwright/test/reporter";

/** The most lines for one test. */
const MAX_LINES = 20;

export default class Reasons implements Reporter {
  private readonly lines: string[] = [];

  onTestEnd({ location, expectedStatus }: TestCase, { status, errors }: TestResult): void {
    if (status === expectedStatus || status === "skipped") return;
    const text = errors.map((error) => stripVTControlCharacters(words(error))).join("\n");
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    const place = `${path.basename(location.file)}:${location.line}`;
    this.lines.push(`${place} ${status}:`, ...lines.slice(0, MAX_LINES));
    if (lines.length > MAX_LINES) this.lines.push(`… and ${lines.length - MAX_LINES} more lines`);
  }

  onEnd(): void {
    // xtask counts the lines that begin with two spaces.
    for (const line of this.lines) console.log(`| ${line}`);
  }

  /** The reporter `list` prints everything else. */
  printsToStdio(): boolean {
    return false;
  }
}

/** An error and its causes: `fetch` says only in the cause what failed. */
function words({ message, value, cause }: TestError): string {
  const own = message ?? value ?? "";
  return cause === undefined ? own : `${own}\ncaused by ${words(cause)}`;
}
