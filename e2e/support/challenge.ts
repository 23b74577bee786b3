// The page object of a coding challenge.
import { expect, type FrameLocator, type Locator, type Page } from "@playwright/test";

/** The text beside the button after a run. */
export const ENDED = /^(Finished|Failed|Stopped)/;

/** The part of an exported observation that is used here. */
interface Sent {
  fin: boolean;
  opcode: number;
  header: string;
  payload: string;
}

interface Observed {
  connection: number;
  event: Record<string, unknown>;
}

type Verdicts = { met: boolean; found: string }[];

export class ChallengePage {
  /** The title, and whether the challenge was passed. */
  readonly title: Locator;
  readonly editor: Locator;
  readonly run: Locator;
  readonly stop: Locator;
  /** The state of the run. */
  readonly state: Locator;
  readonly console: Locator;
  readonly returned: Locator;
  readonly images: Locator;
  readonly checks: Locator;
  readonly summary: Locator;
  readonly passed: Locator;
  readonly pasteField: Locator;
  readonly ownMachine: Locator;
  readonly evidence: Locator;
  readonly help: Locator;

  /** `root` has the challenge: the page, or a frame in it. */
  constructor(
    readonly page: Page,
    root: Page | FrameLocator = page,
  ) {
    this.title = root.locator(".challenge-head");
    this.editor = root.getByRole("textbox", { name: "Your code" });
    this.run = root.getByRole("button", { name: "Run", exact: true });
    this.stop = root.getByRole("button", { name: "Stop", exact: true });
    this.state = root.locator("#run-state");
    this.console = root.getByRole("log", { name: "Console" });
    this.returned = root.getByRole("region", { name: "Returned value" });
    this.images = root.getByRole("img", { name: /that your code showed$/ });
    const checks = root.getByRole("region", { name: "Checks" });
    this.checks = checks.getByRole("listitem");
    this.summary = checks.getByRole("status");
    this.passed = root.getByRole("region", { name: "Passed" });
    this.pasteField = root.getByRole("textbox", { name: "Console message" });
    this.ownMachine = root.getByRole("region", { name: "From your own machine" });
    this.evidence = root.getByRole("region", { name: "What crossed the wire" });
    this.help = root.getByRole("region", { name: "Hints and solution" });
  }

  /** Opens the challenge and waits for its editor. */
  async open(id: string): Promise<void> {
    await this.page.goto(`/challenges/${id}`);
    await this.ready();
  }

  /** Waits for the editor. The page, its part and the editor load one after another. */
  async ready(): Promise<void> {
    await expect(this.editor).toBeVisible();
  }

  /** Replaces the code in the editor with `code`, pasted from the clipboard. */
  async write(code: string): Promise<void> {
    await this.editor.focus();
    await this.page.keyboard.press("Control+a");
    await this.editor.evaluate((editor, text) => {
      const paste = new ClipboardEvent("paste", { clipboardData: new DataTransfer(), bubbles: true, cancelable: true });
      // Firefox copies the object that it was given, without its data.
      paste.clipboardData!.setData("text/plain", text);
      editor.dispatchEvent(paste);
    }, code);
  }

  /** Runs `code` and waits until the run ends. */
  async try(code: string, limit = 40_000): Promise<void> {
    await this.write(code);
    await this.runToEnd(limit);
  }

  /** Copies the solution to the editor, before the challenge is passed. */
  async takeSolution(): Promise<void> {
    await this.help.getByRole("button", { name: "Show the solution" }).click();
    await this.help.getByRole("button", { name: "Show it anyway" }).click();
    await this.help.getByRole("button", { name: "Copy to the editor" }).click();
  }

  /** Runs the code in the editor and waits until the run ends. */
  async runToEnd(limit = 40_000): Promise<void> {
    await this.run.click();
    await expect(this.state).toHaveText(ENDED, { timeout: limit });
  }

  /** Waits until the page shows everything that the relay saw of a finished run. After that, no verdict can change. */
  async settle(): Promise<void> {
    let last: Observed | undefined;
    const open = async () => {
      const observations = await this.observations();
      last = observations.at(-1);
      const of = (kind: string) => observations.filter(({ event }) => kind in event).map(({ connection }) => connection);
      return of("opening").filter((connection) => !of("closed").includes(connection));
    };
    await expect.poll(open).toEqual([]);
    if (last === undefined) return;
    const filter = this.evidence.getByRole("searchbox", { name: "Filter rows" });
    await filter.fill(`connection:${last.connection}`);
    // Only rows near those in view are in the document.
    await this.evidence.getByRole("listbox").press("End");
    const end = "closed" in last.event ? /^CLOSED/ : /./;
    await expect(this.evidence.getByRole("option", { name: end }).last()).toBeAttached();
    await filter.fill("");
  }

  /** Whether the challenge is passed in the end: the verdicts can follow the run by some time. */
  async passes(): Promise<boolean> {
    return await expect(this.passed).toBeVisible().then(() => true, () => false);
  }

  /** The relay's verdict on the first check. */
  async gradedByRelay(challenge: string): Promise<{ met: boolean; found: string }> {
    const url = new URL(`/api/sessions/${await this.session()}/receipts`, this.page.url()).href;
    const answer = await this.page.request.post(url, { data: JSON.stringify({ challenge, since: 0, only_report: true }) });
    return ((await answer.json()) as { verdicts: Verdicts }).verdicts[0]!;
  }

  /** The bytes that the server sent on the newest connection, in hex. */
  async lastReceived(): Promise<string> {
    const hex = ({ header, payload }: Sent) => header + Buffer.from(payload, "base64").toString("hex");
    return (await this.sent()).map(hex).join("");
  }

  /** The number of frames in the first message that the server sent on the newest connection. */
  async fragments(): Promise<number> {
    const data = (await this.sent()).filter(({ opcode }) => opcode < 8);
    return data.findIndex(({ fin }) => fin) + 1;
  }

  /** The frames that the server sent on the newest connection. */
  private async sent(): Promise<Sent[]> {
    const observations = await this.observations();
    const newest = observations.findLast(({ event }) => "opening" in event)?.connection;
    const frames = observations.filter(({ connection, event }) => connection === newest && "frame" in event);
    return frames.map(({ event }) => event.frame as Sent & { from: string }).filter(({ from }) => from === "server");
  }

  /** Everything that the relay recorded in this session. */
  private async observations(): Promise<Observed[]> {
    const log = await this.page.request.get(new URL(`/api/sessions/${await this.session()}/export.json`, this.page.url()).href);
    return ((await log.json()) as { observations: Observed[] }).observations;
  }

  private session(): Promise<string | undefined> {
    return this.page.evaluate(() => {
      const kept = Object.entries(sessionStorage).find(([name]) => name.startsWith("framescope.challenge."));
      return kept?.[1].split(" ")[0];
    });
  }

  async paste(line: string): Promise<void> {
    await this.pasteField.fill(line);
  }

  /** A check by index, starting at 0, or by its text. */
  check(which: number | string): Locator {
    return typeof which === "number" ? this.checks.nth(which) : this.checks.filter({ hasText: which });
  }

  async expectMet(which: number | string): Promise<void> {
    await expect(this.check(which).locator(".check-state")).toHaveText("met");
  }

  async expectNotMet(which: number | string): Promise<void> {
    await expect(this.check(which).locator(".check-state")).toHaveText("not met");
  }

  /** The URL for another client. */
  async labUrl(): Promise<string> {
    return this.ownMachine.getByRole("textbox", { name: "Address of your lab" }).inputValue();
  }

  /** The values of this session, by name. */
  async given(): Promise<Record<string, string>> {
    const [names, values] = [this.ownMachine.getByRole("term"), this.ownMachine.getByRole("definition")];
    const [known, said] = [await names.allInnerTexts(), await values.allInnerTexts()];
    return Object.fromEntries(known.map((name, index) => [name, said[index] ?? ""]));
  }

  async getReceipt(name: string): Promise<string> {
    await this.passed.getByLabel(/^Name for the receipt/).fill(name);
    await this.passed.getByRole("button", { name: "Get a receipt" }).click();
    const receipt = this.passed.getByRole("textbox", { name: "The receipt", exact: true });
    await expect(receipt).toBeVisible();
    return receipt.inputValue();
  }
}
