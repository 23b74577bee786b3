// The relay's side of the composer: what an observer has the relay do on an open connection.
import { expect, type Locator } from "@playwright/test";

import type { Lab } from "./lab.ts";

export type Command = "Text" | "Binary" | "Ping" | "Pong" | "Close" | "Frame" | "Raw bytes" | "Connection" | "Rules" | "Held";

/** The bits of a frame's header that are switches. */
export type Bit = "FIN" | "RSV1" | "RSV2" | "RSV3" | "MASK";

export class Console {
  readonly root: Locator;
  /** What became of the last commands, the newest first. */
  readonly fates: Locator;
  /** What is wrong with the draft, or what its kind is for. */
  readonly note: Locator;
  /** What a strict client would say about the composed frame. */
  readonly verdicts: Locator;

  constructor(private readonly lab: Lab) {
    this.root = lab.composer.getByRole("form", { name: "The relay sends" });
    this.fates = this.root.getByRole("list", { name: "Last commands" }).getByRole("listitem");
    this.note = this.root.locator("#relay-note");
    this.verdicts = this.root.getByRole("list", { name: "What a strict client says" }).getByRole("listitem");
  }

  /** Turns the composer into the relay's side. */
  async open(): Promise<void> {
    await this.lab.composer.getByRole("tab", { name: "Relay sends…" }).click();
    await expect(this.root).toBeVisible();
  }

  async choose(command: Command): Promise<void> {
    await this.tab(command).click();
  }

  tab(command: Command): Locator {
    return this.root.getByRole("tab", { name: command, exact: true });
  }

  /** A field by its label. */
  field(label: string): Locator {
    return this.root.getByLabel(label, { exact: true });
  }

  bit(name: Bit): Locator {
    return this.root.getByRole("button", { name, exact: true });
  }

  get submit(): Locator {
    return this.root.getByRole("button", { name: /from the relay$/ });
  }

  get connection(): Locator {
    return this.root.getByRole("combobox", { name: "Connection" });
  }

  /** One of the buttons that act on the line at once. */
  act(name: "Pause reading" | "Resume reading" | "Drop" | "Reset"): Locator {
    return this.root.getByRole("button", { name, exact: true });
  }

  /** The bytes of the composed frame, as the hex view has them. */
  async bytes(): Promise<Buffer> {
    const bytes = await this.root.getByRole("group", { name: "The composed frame in hex" }).locator(".bytes > *").allTextContents();
    return Buffer.from(bytes.join(""), "hex");
  }

  /** Sends what stands in the fields, and waits until the relay has done it. */
  async send(): Promise<void> {
    await this.submit.click();
    await expect(this.fates.first()).toContainText("done");
  }
}
