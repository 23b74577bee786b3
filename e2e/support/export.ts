// What can be taken along: the session as a file, a setup as a link, a connection as code; and a recording opened again.
import { readFile } from "node:fs/promises";

import { expect, type Download, type Locator, type Page } from "@playwright/test";

export type Extension = "har" | "pcapng" | "json" | "toml";

/** A file that was downloaded. */
export interface ExportedFile {
  name: string;
  bytes: Buffer;
}

export class ExportSheet {
  readonly control: Locator;
  readonly sheet: Locator;
  /** Takes one connection in place of all. */
  readonly onlyInspected: Locator;
  /** Keeps tokens in files, in the link and in the code. */
  readonly keepTokens: Locator;
  readonly link: Locator;
  readonly code: Locator;

  constructor(private readonly page: Page) {
    this.control = page.getByRole("banner").getByRole("button", { name: "Export" });
    this.sheet = page.getByRole("dialog", { name: "Export" });
    this.onlyInspected = this.sheet.getByRole("checkbox", { name: /^Only connection \d+/ });
    this.keepTokens = this.sheet.getByRole("checkbox", { name: "Keep tokens" });
    this.link = this.sheet.getByRole("textbox", { name: "Link to this setup" });
    this.code = this.sheet.getByRole("region", { name: "The code" });
  }

  async open(): Promise<void> {
    await this.control.click();
    await expect(this.sheet.getByRole("heading", { name: "File" })).toBeVisible();
  }

  async close(): Promise<void> {
    await this.sheet.getByRole("button", { name: "Close this panel" }).click();
    await expect(this.sheet).toBeHidden();
  }

  /** Downloads the session. */
  async download(extension: Extension): Promise<ExportedFile> {
    const coming = this.page.waitForEvent("download");
    await this.sheet.getByRole("link", { name: `Download .${extension}` }).click();
    const download: Download = await coming;
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
  }

  async turnTo(language: "JavaScript" | "Python" | "Rust" | "websocat"): Promise<void> {
    await this.sheet.getByRole("tab", { name: language }).click();
    await expect(this.code).toBeVisible();
  }
}

/** The page that shows a recording. */
export class Recording {
  readonly file: Locator;
  /** What is wrong with the file that was chosen. */
  readonly error: Locator;
  /** It says what is shown, and that it is not live. */
  readonly banner: Locator;

  constructor(readonly page: Page) {
    this.file = page.getByLabel("Choose a file or drop one here");
    this.error = page.getByRole("alert");
    this.banner = page.getByText("Nothing here is live.");
  }

  async open(origin = ""): Promise<void> {
    await this.page.goto(`${origin}/recording`);
    await expect(this.page.getByRole("heading", { level: 1, name: "Open a recording" })).toBeVisible();
  }

  async choose(file: { name: string; buffer: Buffer } | string): Promise<void> {
    await this.file.setInputFiles(typeof file === "string" ? file : { mimeType: "application/json", ...file });
  }
}
