// The viewer of a message in the inspector: its format, its fields, and the marked bytes.
import { readFileSync } from "node:fs";
import path from "node:path";

import { expect, type Locator, type Page } from "@playwright/test";

import type { Lab } from "./lab.ts";

/** Messages of real clients and servers. */
export const SAMPLES = path.resolve(import.meta.dirname, "../../crates/decode/samples/golden");
export const CHAT = '{"type":"chat","id":7,"text":"What did the wire carry, and where is it?","tags":["a","b"],"from":{"name":"Ann"}}';

export class DecodedMessage {
  readonly root: Locator;
  readonly format: Locator;
  readonly tree: Locator;
  readonly search: Locator;
  /** The path of the selected field, its bytes, and the buttons to copy. */
  readonly chosen: Locator;
  /** The bytes of that field in the content below. */
  readonly marked: Locator;

  constructor(page: Page) {
    this.root = page.getByRole("region", { name: "Decoded message" });
    this.format = this.root.getByLabel("Format");
    this.tree = this.root.getByRole("tree", { name: "Decoded fields" });
    this.search = this.root.getByRole("searchbox", { name: "Search fields" });
    this.chosen = this.root.getByRole("group", { name: "Selected field" });
    this.marked = page.getByRole("tabpanel").locator("mark");
  }

  field(words: string | RegExp): Locator {
    return this.tree.getByRole("treeitem", { name: words });
  }

  /** Waits until these are the fields that are shown, each as one line. */
  async expectFields(...fields: string[]): Promise<void> {
    await expect(this.tree.getByRole("treeitem")).toHaveText(fields);
  }
}

/** The bytes of a message that a real client sent, in hex. */
export function sample(name: string, index = 0): string {
  const { messages } = JSON.parse(readFileSync(path.join(SAMPLES, `${name}.json`), "utf8"));
  return Buffer.from(messages[index].base64, "base64").toString("hex");
}

/** The message of a row, decoded. Without a row, the first one from the browser. */
export async function decoded(lab: Lab, row: RegExp | number = 4): Promise<DecodedMessage> {
  const inspector = await lab.inspect(row);
  await inspector.turnTo("Message");
  const message = new DecodedMessage(lab.page);
  await expect(message.root).toBeVisible();
  return message;
}
