// The inspector: one row taken apart.
import { expect, type Locator, type Page } from "@playwright/test";

export class Inspector {
  readonly root: Locator;

  constructor(page: Page) {
    this.root = page.getByRole("complementary", { name: "Inspector" });
  }

  get title(): Locator {
    return this.root.getByRole("heading", { level: 2 });
  }

  /** Turns to a part: `Frame`, `Message`, `Both sides`; of a handshake `Request`, `Response`, `Key → accept`. */
  async turnTo(part: string): Promise<void> {
    const tab = this.root.getByRole("tab", { name: part });
    await tab.click();
    await expect(tab).toHaveAttribute("aria-selected", "true");
  }

  /** The lines of the handshake text that is shown, without what is explained about them. */
  async headLines(): Promise<string[]> {
    return this.root.getByRole("term").allInnerTexts();
  }

  /** The four steps from key to accept value: key, key with GUID, SHA-1 in hex, accept. */
  async derivation(): Promise<[string, string, string, string]> {
    const steps = this.root.getByRole("tabpanel").getByRole("listitem").getByRole("code");
    await expect(steps).toHaveCount(4);
    const [key = "", joined = "", sha1 = "", accept = ""] = await steps.allInnerTexts();
    return [key, joined, sha1, accept];
  }

  /** The bytes of the frame, as the hex view has them. */
  async bytes(): Promise<Buffer> {
    return this.hex("The frame's bytes in hex");
  }

  /** What a compressed payload is before it is inflated: what was sent, and the tail that was not. */
  async deflated(): Promise<{ sent: Buffer; unsent: Buffer }> {
    const all = await this.hex("The deflated bytes in hex");
    const unsent = await this.root.locator(".unsent").count();
    return { sent: all.subarray(0, all.length - unsent), unsent: all.subarray(all.length - unsent) };
  }

  /** What it is after that. */
  async inflated(): Promise<Buffer> {
    return this.hex("The inflated bytes in hex");
  }

  private async hex(name: string): Promise<Buffer> {
    // One element for each byte; beside them stand offsets and characters.
    const bytes = await this.root.getByRole("group", { name }).locator(".bytes > *").allTextContents();
    return Buffer.from(bytes.join(""), "hex");
  }

  /** A line of the unmasking: `on the wire`, `XOR key`, and `message` or, where that is compressed, `deflated`. */
  async unmasking(line: string): Promise<Buffer> {
    const cells = await this.root.getByRole("row", { name: line }).getByRole("cell").allInnerTexts();
    return Buffer.from(cells.map((cell) => cell.trim().slice(0, 2)).join(""), "hex");
  }

  /** Why a field of the frame has its value; `field` as it is named there, such as `RSV1 1`. */
  why(field: string): Locator {
    return this.root.locator("dl.why > div", { hasText: field }).getByRole("definition");
  }

  /** What became of an extension that was offered. */
  offer(offer: string): Locator {
    return this.root.locator(".card", { has: this.root.page().getByText(offer, { exact: true }) });
  }

  /** What `Both sides` has on a line: what JavaScript saw, and what the wire carried. */
  bothSides(line: string): { script: Locator; wire: Locator } {
    const cells = this.root.getByRole("row", { name: line }).getByRole("cell");
    return { script: cells.first(), wire: cells.last() };
  }
}
