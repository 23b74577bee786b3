// The route to the server: the control beside the URL, and the sheet that it opens.
import { expect, type Locator, type Page } from "@playwright/test";

export class RouteChooser {
  /** It says which way the URL takes, and opens the sheet. */
  readonly control: Locator;
  readonly sheet: Locator;

  constructor(private readonly page: Page) {
    this.control = page.getByRole("form", { name: "Connection" }).getByRole("button", { name: /^Route:/ });
    this.sheet = page.getByRole("dialog", { name: "Route to the server" });
  }

  /** What the control says. */
  async expectSummary(words: string): Promise<void> {
    await expect(this.control).toHaveAccessibleName(`Route: ${words}`);
  }

  async open(): Promise<void> {
    await this.control.click();
    await expect(this.offer("Encryption", "ws")).toBeVisible();
  }

  async done(): Promise<void> {
    await this.sheet.getByRole("button", { name: "Done" }).click();
    await expect(this.sheet).toBeHidden();
  }

  /** An offer of a group, by its title. */
  offer(group: string, title: string): Locator {
    const list = this.sheet.getByRole("list", { name: group });
    return list.getByRole("button").filter({ has: this.page.getByText(title, { exact: true }) });
  }

  /** Opens the sheet, takes these offers one after the other, and closes it again. */
  async choose(...offers: [group: string, title: string][]): Promise<void> {
    await this.open();
    for (const [group, title] of offers) {
      await this.offer(group, title).click();
      await expect(this.offer(group, title)).toHaveAttribute("aria-pressed", "true");
    }
    await this.done();
  }

  async takeWss(): Promise<void> {
    await this.choose(["Encryption", "wss"]);
  }

  /** Leads over a middlebox, by its title. */
  async takeBox(title: string): Promise<void> {
    await this.choose(["Middlebox", title]);
  }

  /** A setting of the middlebox, or of the other server, that is chosen. */
  setting(name: string): Locator {
    return this.sheet.getByLabel(name, { exact: true });
  }

  /** What the page may open: tries it, and gives what came of it. */
  async tries(url: RegExp): Promise<Locator> {
    const item = this.sheet.getByRole("list", { name: "What this page may open" }).getByRole("listitem").filter({ hasText: url });
    await item.getByRole("button", { name: "Try" }).click();
    return item.getByRole("status");
  }
}
