// What a learner does and sees on the page, in their words. Every test gets a page, and so a session, of its own, and
// fails when the browser complained about something that the test did not say it would bring about.
import { expect, type BrowserContext, type Locator, type Page } from "@playwright/test";

import { Behaviours } from "./behaviours.ts";
import { Complaints } from "./complaints.ts";
import { Inspector } from "./inspector.ts";
import { Line } from "./line.ts";
import { test as base } from "./relay.ts";
import { SilentServer } from "./server.ts";
import { ExportSheet } from "./export.ts";
import { RouteChooser } from "./route.ts";

/** A file to be chosen, as Playwright takes it. */
export interface Attachment {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

export class Lab {
  /** The listbox of all that travelled. */
  readonly sequence: Locator;
  /** Those of its rows that are in the document: the ones in view, and a few around them. */
  readonly rows: Locator;
  readonly inspector: Inspector;
  readonly connection: Locator;
  readonly url: Locator;
  readonly subprotocols: Locator;
  /** The switch beside them. */
  readonly compression: Locator;
  readonly behaviours: Behaviours;
  readonly export: ExportSheet;
  readonly route: RouteChooser;
  readonly composer: Locator;
  /** The part of it that is the browser's, beside what the relay sends. */
  private readonly drafting: Locator;
  readonly filter: Locator;
  /** What is wrong with the session or its feed; empty when nothing is. */
  readonly banner: Locator;

  constructor(readonly page: Page) {
    this.sequence = page.getByRole("listbox", { name: "Frames, oldest first" });
    this.rows = this.sequence.getByRole("option");
    this.inspector = new Inspector(page);
    this.connection = page.getByRole("form", { name: "Connection" });
    this.url = this.connection.getByLabel("WebSocket URL");
    this.subprotocols = this.connection.getByLabel("Subprotocols");
    this.compression = this.connection.getByRole("switch", { name: "Compression" });
    this.behaviours = new Behaviours(page);
    this.export = new ExportSheet(page);
    this.route = new RouteChooser(page);
    this.composer = page.getByRole("region", { name: "Send" });
    this.drafting = this.composer.locator("form.drafting");
    this.filter = page.getByRole("searchbox", { name: "Filter rows" });
    this.banner = page.getByRole("status").first();
  }

  /** Comes to the page as a newcomer, at `address` if it is not the worker's relay, and waits for the session. */
  async open(address = "/"): Promise<void> {
    await this.page.goto(address);
    // A setup that the address brings stays behind the session.
    await this.page.waitForURL(/\/s\/[a-z2-7]{26}(#.*)?$/);
    await expect(this.inviting).toBeEnabled();
  }

  /** The one button of an empty page. */
  get inviting(): Locator {
    return this.page.getByRole("button", { name: "Open a WebSocket" });
  }

  /** Path and query of what stands in the URL field: what the browser will ask for. */
  async target(): Promise<string> {
    const { pathname, search } = new URL(await this.url.inputValue());
    return pathname + search;
  }

  /** Where another client reaches this session. */
  get labUrl(): string {
    const { host, pathname } = new URL(this.page.url());
    return `ws://${host}/lab/${pathname.slice("/s/".length)}`;
  }

  /** Turns compression on for the connections to come. */
  async compress(): Promise<void> {
    await this.compression.click();
    await expect(this.compression).toBeChecked();
  }

  /** Connects to what stands in the URL field, and waits until the socket is open. */
  async connect(): Promise<void> {
    await this.pressConnect();
    await this.expectState("OPEN");
  }

  async pressConnect(): Promise<void> {
    await this.connection.getByRole("button", { name: /^Connect/ }).click();
  }

  /** The step of the lifecycle that the socket is at. */
  async expectState(state: "CONNECTING" | "OPEN" | "CLOSING" | "CLOSED"): Promise<void> {
    await expect(this.page.getByRole("list", { name: "State of the socket" }).locator("[aria-current]")).toHaveText(state);
  }

  async compose(kind: "Text" | "Bytes" | "File" | "Close"): Promise<void> {
    await this.composer.getByRole("tablist", { name: "What to send" }).getByRole("tab", { name: kind }).click();
  }

  /** The composer's button, which is named after what it does. */
  get submit(): Locator {
    return this.composer.getByRole("button", { name: /^(Send|Close)$/ });
  }

  async sendText(text: string): Promise<void> {
    await this.compose("Text");
    await this.drafting.getByLabel("Text message").fill(text);
    await this.submit.click();
  }

  async sendHex(hex: string): Promise<void> {
    await this.compose("Bytes");
    await this.drafting.getByLabel("Bytes in hex").fill(hex);
    await this.submit.click();
  }

  async sendFile(file: Attachment): Promise<void> {
    await this.compose("File");
    await this.drafting.locator("input[type=file]").setInputFiles(file);
    // With its size behind the name it has been read.
    await expect(this.drafting.getByText(`${file.name}, `)).toBeVisible();
    await this.submit.click();
  }

  /** Fills in the goodbye; an empty `code` sends none. */
  async composeClose(code: string, reason = ""): Promise<void> {
    await this.compose("Close");
    await this.drafting.getByLabel("Code").fill(code);
    await this.drafting.getByLabel("Reason").fill(reason);
  }

  async close(code: string, reason = ""): Promise<void> {
    await this.composeClose(code, reason);
    await this.submit.click();
  }

  /** The row with this number, the oldest being 1, or the one whose sentence has these words. */
  row(which: number | RegExp): Locator {
    if (typeof which !== "number") return this.page.getByRole("option", { name: which });
    return this.sequence.locator(`[role=option][aria-posinset="${which}"]`);
  }

  /** Waits until there are `count` rows in all. */
  async expectRows(count: number): Promise<void> {
    await expect(this.rows.last()).toHaveAttribute("aria-setsize", String(count));
  }

  /** Waits until the rows are these, each told by words of its sentence. For as many as fit the document. */
  async expectSequence(...sentences: RegExp[]): Promise<void> {
    await expect.poll(() => this.sentences()).toEqual(sentences.map((words) => expect.stringMatching(words)));
  }

  /** What a screen reader says of each row in the document. */
  async sentences(): Promise<string[]> {
    const texts = await this.rows.allInnerTexts();
    return texts.map((text) => text.replaceAll(/\s+/g, " ").trim());
  }

  /** The same without what only the page that made the sockets knows: what JavaScript saw, and that it was a browser. */
  async wireSentences(): Promise<string[]> {
    const wire = (sentence: string) => sentence.replace(/ JavaScript: .*? Wire:/, " Wire:").replace("the browser", "the client");
    return (await this.sentences()).map(wire);
  }

  /** Chooses a row, and gives the inspector that shows it. */
  async inspect(which: number | RegExp): Promise<Inspector> {
    const row = this.row(which);
    await row.click();
    await expect(this.inspector.title).toBeInViewport();
    // On a narrow screen the inspector covers the rows.
    if (await this.sequence.isVisible()) await expect(row).toHaveAttribute("aria-selected", "true");
    return this.inspector;
  }
}

interface Fixtures {
  /** What the browser complained about, on all pages of the test. */
  complaints: Complaints;
  lab: Lab;
  /** A lab in a browser of its own, without anything that the first one keeps. */
  anotherLab: () => Promise<Lab>;
  /** A line to the relay at an address; it ends with the test. */
  lineTo: (url: string) => Promise<Line>;
  silentServer: SilentServer;
}

export const test = base.extend<Fixtures>({
  complaints: [
    async ({ context }, use) => {
      const complaints = new Complaints();
      await complaints.listen(context);
      await use(complaints);
      expect(complaints.unexpected(), "what the browser complained about").toEqual([]);
    },
    { auto: true },
  ],

  lab: async ({ page }, use) => use(new Lab(page)),

  // The pages go before the relay: one that ends under them would make them complain.
  startRelay: async ({ startRelay, context }, use) => {
    await use(startRelay);
    await leave(context);
  },

  anotherLab: async ({ browser, baseURL, complaints }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      const context = await browser.newContext({ baseURL: baseURL ?? "" });
      contexts.push(context);
      await complaints.listen(context);
      return new Lab(await context.newPage());
    });
    await Promise.all(contexts.map((context) => context.close()));
  },

  lineTo: async ({ context }, use) => {
    const lines: Line[] = [];
    await use(async (url) => {
      const line = await Line.to(url);
      lines.push(line);
      return line;
    });
    await leave(context);
    await Promise.all(lines.map((line) => line.close()));
  },

  silentServer: async ({}, use) => {
    const server = await SilentServer.start();
    await use(server);
    await server.stop();
  },
});

async function leave(context: BrowserContext): Promise<void> {
  await Promise.all(context.pages().map((page) => page.close()));
}

export { expect };
