// The rules of a session on the page, and the messages that they hold.
import type { Locator } from "@playwright/test";

import { Console } from "./console.ts";
import type { Lab } from "./lab.ts";

export class Rules {
  private readonly console: Console;
  /** The rules, in their order. */
  readonly list: Locator;
  /** The messages that wait for a decision. */
  readonly held: Locator;
  /** The form of one rule, with its errors. */
  readonly root: Locator;

  constructor(lab: Lab) {
    this.console = new Console(lab);
    this.root = this.console.root;
    this.list = this.root.getByRole("list", { name: "Rules" }).getByRole("listitem");
    this.held = this.root.getByRole("list", { name: "Held messages" }).getByRole("listitem");
  }

  async open(which: "Rules" | "Held" = "Rules"): Promise<void> {
    await this.console.open();
    await this.console.choose(which);
  }

  field(label: string): Locator {
    return this.console.field(label);
  }

  button(name: string): Locator {
    return this.root.getByRole("button", { name, exact: true });
  }

  /** Fills in the fields of the form: what is typed, and with `=` before it what is chosen. */
  async fill(fields: Record<string, string>): Promise<void> {
    for (const [label, value] of Object.entries(fields)) {
      if (value.startsWith("=")) await this.field(label).selectOption({ label: value.slice(1) });
      else await this.field(label).fill(value);
    }
  }

  /** Adds a rule with these fields. */
  async add(fields: Record<string, string>): Promise<void> {
    await this.button("Add a rule").click();
    await this.fill(fields);
    await this.button("Add rule").click();
  }
}
