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
    const hex = this.root.getByRole("group", { name: "The frame's bytes in hex" });
    // One element for each byte; beside them stand offsets and characters.
    const bytes = await hex.locator(".bytes > *").allTextContents();
    return Buffer.from(bytes.join(""), "hex");
  }

  /** A line of the unmasking: `on the wire`, `XOR key` or `message`. */
  async unmasking(line: string): Promise<Buffer> {
    const cells = await this.root.getByRole("row", { name: line }).getByRole("cell").allInnerTexts();
    return Buffer.from(cells.map((cell) => cell.trim().slice(0, 2)).join(""), "hex");
  }

  /** What `Both sides` has on a line: what JavaScript saw, and what the wire carried. */
  bothSides(line: string): { script: Locator; wire: Locator } {
    const cells = this.root.getByRole("row", { name: line }).getByRole("cell");
    return { script: cells.first(), wire: cells.last() };
  }
}
