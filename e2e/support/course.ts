// Page objects for the course: its overview, a lesson, and the pieces of a lesson.
import { readdirSync } from "node:fs";
import path from "node:path";

import { expect, type Locator, type Page } from "@playwright/test";

import { test as base } from "./lab.ts";
import type { Relay } from "./relay.ts";

/** A course that has each kind of piece once. */
export const FIXTURE = path.resolve(import.meta.dirname, "../fixtures/course");

/** The lessons of the built-in course. */
const REAL = path.resolve(import.meta.dirname, "../../crates/curriculum/course/lessons");

/** The names of its lessons. */
export function realLessons(): string[] {
  return readdirSync(REAL).flatMap((file) => (file.endsWith(".md") ? [file.slice(0, -".md".length)] : []));
}

/** The part of a course that these tests read from the relay. */
export interface Outline {
  parts: { title: string; lessons: string[] }[];
  lessons: { id: string; title: string; pieces: { id: string; kind: string }[] }[];
}

export class CourseIndex {
  readonly title: Locator;
  readonly lessons: Locator;
  /** Leads to where the reader left off, or to the first lesson. */
  readonly resume: Locator;
  /** The result of an import or a reset. */
  readonly said: Locator;

  constructor(readonly page: Page) {
    this.title = page.getByRole("heading", { level: 1 });
    // A course with parts has a region for each of them.
    this.lessons = page.getByRole("region", { name: /^(Lessons$|Part \d)/ }).getByRole("listitem");
    this.resume = page.getByRole("link", { name: /^(Start$|Continue:)/ });
    this.said = page.getByRole("region", { name: "Your progress" }).getByRole("status");
  }

  async open(relay: Relay): Promise<void> {
    await this.page.goto(`${relay.url}/course`);
    await expect(this.lessons.first()).toBeVisible();
  }

  lesson(title: string): Locator {
    return this.lessons.filter({ has: this.page.getByRole("link", { name: title }) });
  }

  /** Exports the progress as a file. */
  async export(): Promise<string> {
    const coming = this.page.waitForEvent("download");
    await this.page.getByRole("link", { name: "Export" }).click();
    const stream = await (await coming).createReadStream();
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  }

  async import(text: string, name = "progress.json"): Promise<void> {
    await this.page.getByLabel("Import").setInputFiles({ name, mimeType: "application/json", buffer: Buffer.from(text) });
  }
}

export class LessonPage {
  readonly title: Locator;
  readonly contents: Locator;
  readonly next: Locator;
  readonly previous: Locator;

  constructor(readonly page: Page) {
    this.title = page.getByRole("heading", { level: 1 });
    this.contents = page.getByRole("navigation", { name: "In this lesson" });
    const beside = page.getByRole("navigation", { name: "Previous and next lesson" });
    this.next = beside.getByRole("link", { name: /^Next/ });
    this.previous = beside.getByRole("link", { name: /^Previous/ });
  }

  /** Opens a lesson. `lesson` can end with `#` and the name of a place in it. */
  async open(relay: Relay, lesson: string, origin = relay.url): Promise<void> {
    await this.page.goto(`${origin}/course/${lesson}`);
    await expect(this.page.getByRole("main").locator(".prose-block").first()).toBeVisible();
  }

  /** The piece with this id. */
  piece(id: string): Piece {
    return new Piece(this.page.locator(`[id="${id}"]`));
  }
}

export class Piece {
  constructor(readonly root: Locator) {}

  button(name: string | RegExp): Locator {
    return this.root.getByRole("button", { name, exact: typeof name === "string" });
  }

  async expectDone(): Promise<void> {
    await expect(this.root.locator(".done")).toHaveText("done");
  }

  async expectNotDone(): Promise<void> {
    await expect(this.root.locator(".done")).toHaveText("");
  }

  /** Runs the plan, after a guess if the piece asks for one. Returns the runs in order. */
  async run(): Promise<Run[]> {
    const guess = this.root.getByRole("radio").first();
    if ((await guess.count()) > 0) await guess.check();
    await this.button(/^Run/).click();
    const results = this.root.locator(".result");
    await expect(results.first()).toBeVisible();
    return (await results.all()).map((root) => new Run(root));
  }
}

/** One run of a piece: its connection and its rows. */
export class Run {
  readonly rows: Locator;
  readonly inspector: Locator;

  constructor(readonly root: Locator) {
    this.rows = root.getByRole("option");
    this.inspector = root.getByRole("complementary", { name: /^Inspector/ });
  }

  row(words: RegExp): Locator {
    return this.root.getByRole("option", { name: words });
  }

  /** The open tab of the inspector. */
  get part(): Locator {
    return this.inspector.getByRole("tab", { selected: true });
  }
}

interface Fixtures {
  index: CourseIndex;
  lesson: LessonPage;
  /** A relay with the course of the fixture. */
  course: Relay;
}

export const test = base.extend<Fixtures>({
  course: async ({ startRelay }, use) => use(await startRelay("--course", FIXTURE)),
  index: async ({ page }, use) => use(new CourseIndex(page)),
  lesson: async ({ page }, use) => use(new LessonPage(page)),
});

export { expect };
