// How the server behaves: the control beside the URL, and the sheet that it opens.
import { expect, type Locator, type Page } from "@playwright/test";

export class Behaviours {
  /** It says what the URL asks for, and opens the sheet. */
  readonly control: Locator;
  readonly sheet: Locator;
  /** The URL's query, at the foot of the sheet. */
  readonly query: Locator;
  readonly useNow: Locator;

  constructor(page: Page) {
    this.control = page.getByRole("form", { name: "Connection" }).getByRole("button", { name: /^Server behavior/ });
    this.sheet = page.getByRole("dialog", { name: "Server behavior" });
    this.query = this.sheet.locator(".asked code");
    this.useNow = this.sheet.getByRole("button", { name: "Apply to the open connection" });
  }

  /** What the control says. */
  async expectSummary(words: string): Promise<void> {
    await expect(this.control).toHaveAccessibleName(`Server behavior ${words}`);
  }

  /** Opens the sheet and waits for what the relay can do. */
  async open(): Promise<void> {
    await this.control.click();
    await expect(this.preset("Echo")).toBeVisible();
  }

  async done(): Promise<void> {
    await this.sheet.getByRole("button", { name: "Done" }).click();
    await expect(this.sheet).toBeHidden();
  }

  preset(title: string): Locator {
    return this.sheet.getByRole("listitem").getByRole("button").filter({ has: this.sheet.page().getByText(title, { exact: true }) });
  }

  /** Opens the sheet, chooses a preset, and closes it again. */
  async choose(title: string): Promise<void> {
    await this.open();
    await this.preset(title).click();
    await expect(this.preset(title)).toHaveAttribute("aria-pressed", "true");
    await this.done();
  }

  /** Unfolds the settings about one thing. */
  async unfold(group: string): Promise<void> {
    const summary = this.sheet.locator("summary", { hasText: group });
    const folded = await summary.evaluate((element) => !(element.parentElement as HTMLDetailsElement).open);
    if (folded) await summary.click();
  }

  /** The field of a setting, by its name. */
  setting(name: string): Locator {
    return this.sheet.getByLabel(name, { exact: true });
  }

  /** The nth planned fault, from 1. */
  fault(nth: number): { name: Locator; at: Locator; words: Locator; remove: Locator } {
    const group = this.sheet.getByRole("group", { name: `Fault ${nth}` });
    return {
      name: group.getByRole("combobox"),
      at: group.getByLabel("at reply"),
      words: group.getByRole("paragraph"),
      remove: group.getByRole("button", { name: `Remove fault ${nth}` }),
    };
  }

  async addFault(): Promise<void> {
    await this.sheet.getByRole("button", { name: /^Add (a|another) fault$/ }).click();
  }
}
