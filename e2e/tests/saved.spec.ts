// What a visitor saves in the browser: messages with variables, connections, replays; sent again and again, and measured.
import { readFile } from "node:fs/promises";

import type { Locator, Page } from "@playwright/test";

import { expectAccessible } from "../support/axe.ts";
import { REQUEST_FAILED } from "../support/complaints.ts";
import { expect } from "../support/lab.ts";
import { expectNoSidewaysScroll } from "../support/narrow.ts";
import { test } from "../support/workbench.ts";

class SavedSheet {
  readonly root: Locator;

  constructor(private readonly page: Page) {
    this.root = page.getByRole("dialog", { name: "Saved" });
  }

  async open(): Promise<void> {
    await this.page.getByRole("region", { name: "Send" }).getByRole("button", { name: "Saved…" }).click();
    await expect(this.root.getByRole("tablist")).toBeVisible();
  }

  async close(): Promise<void> {
    await this.root.getByRole("button", { name: "Close this panel" }).click();
    await expect(this.root).toBeHidden();
  }

  async turnTo(tab: "Messages" | "Connections" | "Replays" | "Variables" | "File"): Promise<void> {
    await this.root.getByRole("tab", { name: tab }).click();
  }

  async setVariable(name: string, value: string, secret: boolean): Promise<void> {
    await this.turnTo("Variables");
    await this.root.getByLabel("Name").fill(name);
    await this.root.getByLabel("Value").fill(value);
    await this.root.getByLabel("Secret").setChecked(secret);
    await this.root.getByRole("button", { name: "Save", exact: true }).click();
    await expect(this.root.getByRole("list", { name: "Variables" })).toContainText(`{{${name}}}`);
  }

  async saveMessage(name: string, folder: string, content: string): Promise<void> {
    await this.turnTo("Messages");
    await this.root.getByLabel("Name").fill(name);
    await this.root.getByLabel("Folder").fill(folder);
    await this.root.getByLabel("Message", { exact: true }).fill(content);
    await this.root.getByRole("button", { name: "Save", exact: true }).click();
    await expect(this.item(name)).toBeVisible();
  }

  /** Chooses the direction whose name has these words. */
  async aim(...words: string[]): Promise<void> {
    const direction = this.root.getByLabel("Direction");
    const has = (name: string) => words.every((word) => name.includes(word));
    await expect.poll(async () => (await direction.getByRole("option").allTextContents()).filter(has)).toHaveLength(1);
    const [name] = (await direction.getByRole("option").allTextContents()).filter(has);
    await direction.selectOption(name!);
  }

  item(name: string): Locator {
    return this.root.getByRole("listitem").filter({ hasText: name });
  }

  get send(): Locator {
    return this.root.getByRole("button", { name: "Send", exact: true });
  }
}

test("saved messages are filled, sent by the page and by the relay, and are there after a reload", async ({ lab, page }) => {
  await lab.open();
  const saved = new SavedSheet(page);
  await saved.open();
  await expect(saved.root.getByText("No messages are saved yet.")).toBeVisible();
  await expect(saved.root.getByLabel("Message", { exact: true })).toHaveValue("Hello");
  await saved.setVariable("token", "s3cret", true);
  await saved.setVariable("user", "Ann", false);
  await saved.saveMessage("login", "chat", '{"user":"{{user}}","token":"{{token}}","id":"{{uuid}}"}');
  await saved.saveMessage("unknown", "", "{{other}}");
  await expectAccessible(page, { rules: "all", within: "dialog" });
  await saved.close();

  await lab.connect();
  await saved.open();
  await saved.root.getByRole("button", { name: "Send login" }).click();
  await expect(saved.root.getByText("Sent once.")).toBeVisible();
  await expect(lab.row(/JavaScript: onmessage .*Ann.*s3cret/)).toHaveCount(1);
  await saved.item("unknown").getByRole("button").first().click();
  await saved.send.click();
  await expect(saved.root.getByText("{{other}} has no value.")).toBeVisible();

  // The relay sends it three times, as the server.
  await saved.root.getByLabel("Message", { exact: true }).fill("tick");
  await saved.aim("Server → client", "to this page’s browser, connection 1");
  await saved.root.getByLabel("How often").selectOption("Again and again");
  await saved.root.getByLabel("Every").fill("20");
  await saved.root.getByLabel("Times").fill("3");
  await saved.send.click();
  await expect(saved.root.getByText("Sent 3 times.")).toBeVisible();
  await expect(lab.row(/JavaScript: onmessage "tick"/)).toHaveCount(3);
  await expect(lab.row(/send\("tick"\)/)).toHaveCount(0);
  await saved.root.getByLabel("How often").selectOption("As fast as its echo comes back");
  await expect(saved.root.getByText("Only messages of this page can be measured.")).toBeVisible();

  await page.reload();
  await expect(lab.inviting.or(lab.sequence)).toBeVisible();
  await saved.open();
  await expect(saved.item("login")).toContainText("chat / login");
  await saved.turnTo("Variables");
  await expect(saved.root.getByRole("list", { name: "Variables" })).toContainText("{{token}}secret");
});

test("a saved message and a saved frame are sent in either direction through the relay to a server of Node's ws", async ({ lab, page, startRelay, prices }) => {
  const relay = await startRelay("--relay-to", prices.url);
  await lab.open(relay.url);
  await lab.route.choose(["Another server", prices.url]);
  await lab.connect();
  await lab.sendText("price");
  await expect(lab.row(/onmessage .*:13}/)).toBeVisible();
  await lab.inspect(/send\("price"\)/);
  await page.getByRole("complementary", { name: "Inspector" }).getByRole("button", { name: "Save the frame…" }).click();
  const saved = new SavedSheet(page);
  await expect(saved.root.getByLabel("Message", { exact: true })).toHaveValue("price");
  await saved.root.getByLabel("Name").fill("ask");
  await saved.root.getByRole("button", { name: "Save", exact: true }).click();

  // As the client, to the server; and as the server, to the client.
  await saved.aim("Client → server", "sent by the relay", prices.url.slice("ws://".length));
  await saved.root.getByRole("button", { name: "Send ask" }).click();
  await expect(saved.root.getByText("Sent once.")).toBeVisible();
  await expect(lab.row(/onmessage .*:14}/)).toBeVisible();
  await saved.aim("Server → client", "sent by the relay to the browser");
  await saved.send.click();
  await expect(lab.row(/onmessage "price"/)).toBeVisible();

  // A frame of which a page sets no bit: a ping. The server answers it only if it is masked.
  await saved.root.getByLabel("Kind").selectOption("Frame, bit by bit");
  await saved.root.getByLabel("Opcode").selectOption("9 ping");
  await saved.root.getByLabel("Name").fill("ping");
  await saved.root.getByRole("button", { name: "Save", exact: true }).click();
  await expect(saved.item("ping frame")).toBeVisible();
  await expectAccessible(page, { rules: "all", within: "dialog" });
  await saved.aim("Client → server", "sent by this page");
  await saved.send.click();
  await expect(saved.root.getByText("A browser makes its frames itself.")).toBeVisible();
  await saved.aim("Client → server", "sent by the relay", prices.url.slice("ws://".length));
  await saved.root.getByRole("button", { name: "Send ping" }).click();
  await expect(lab.row(/pong/i).first()).toBeVisible();
  await saved.close();
  await lab.close("1000");
  await lab.expectState("CLOSED");
  await saved.open();
  await expect(saved.root.getByText("No connection is open.")).toBeVisible();
});

test("a load figure for an echo", async ({ lab, page }) => {
  await lab.open();
  await lab.connect();
  const saved = new SavedSheet(page);
  await saved.open();
  await saved.root.getByLabel("How often").selectOption("As fast as its echo comes back");
  await saved.root.getByLabel("Times").fill("0");
  await expect(saved.root.getByText("A message can be sent from 1 to 10,000 times.")).toBeVisible();
  await saved.root.getByLabel("Times").fill("300");
  await saved.send.click();
  await expect(saved.root.getByText("Sent 300 times.")).toBeVisible();
  const figure = saved.root.getByRole("figure");
  await expect(figure.getByRole("img", { name: /^Distribution of 300 round trips: half took at most [\d.,]+ ms/ })).toBeVisible();
  await expect(figure.getByRole("term")).toHaveText(["Round trips", "A second", "p50", "p99", "Slowest"]);
  await expect(figure.getByRole("definition").first()).toHaveText("300");
  await saved.root.getByLabel("How often").selectOption("As fast as it goes");
  await saved.root.getByLabel("Times").fill("1000");
  await saved.send.click();
  await expect(figure.getByRole("img", { name: /^Distribution of 1000 round trips/ })).toBeVisible();
  await expect(saved.root.getByText("Sent 1,000 times.")).toBeVisible();
  await expectAccessible(page, { rules: "all", within: "dialog" });
  await page.setViewportSize({ width: 360, height: 740 });
  await expectNoSidewaysScroll(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(page, { rules: "contrast", within: "dialog" });
});

test("a collection goes to another browser as a file, without secrets and without the session", async ({ lab, page, anotherLab, complaints }) => {
  // The session has no script, which the page finds out when it saves a setup.
  complaints.expect(REQUEST_FAILED);
  await lab.open();
  const session = new URL(page.url()).pathname.slice("/s/".length);
  const rules = [{ name: "late", then: { delay: { ms: 50 } } }];
  expect((await page.request.put(`/api/sessions/${session}/rules`, { data: rules })).ok()).toBe(true);
  await lab.url.fill(`${lab.labUrl}?fragments=3`);
  await lab.connect();
  await lab.sendText("again");
  await expect(lab.row(/onmessage "again"/)).toBeVisible();
  await lab.inspect(1);
  await page.getByRole("complementary", { name: "Inspector" }).getByRole("button", { name: "Replay…" }).click();
  const replay = page.getByRole("dialog", { name: "Replay" });
  await replay.getByLabel("Save as").fill("one echo");
  await replay.getByRole("button", { name: "Save this replay" }).click();
  await expect(replay.getByText("Saved… in the composer has it.")).toBeVisible();
  await replay.getByRole("button", { name: "Close this panel" }).click();
  await lab.close("1000");
  await lab.expectState("CLOSED");

  const saved = new SavedSheet(page);
  await saved.open();
  await saved.setVariable("token", "s3cret", true);
  await saved.saveMessage("hi", "chat", "hi {{token}}");
  await saved.turnTo("Connections");
  await saved.root.getByLabel("Name").fill("three fragments");
  await saved.root.getByRole("button", { name: "Save the connect bar" }).click();
  await expect(saved.item("three fragments")).toBeVisible();
  await saved.close();
  await lab.url.fill("wss://echo.example/?token=abcdefgh&user={{user}}");
  await saved.open();
  await saved.turnTo("Connections");
  await saved.root.getByLabel("Name").fill("late answers");
  await saved.root.getByLabel("With the rules").check();
  await saved.root.getByRole("button", { name: "Save the connect bar" }).click();
  await expect(saved.item("late answers")).toContainText("1 rule, 1 message");
  await saved.turnTo("File");
  const coming = page.waitForEvent("download");
  await saved.root.getByRole("link", { name: "Export as a file" }).click();
  const file = await readFile(await (await coming).path());
  expect(JSON.parse(file.toString()).items).toHaveLength(4);
  expect(["s3cret", "abcdefgh", session].filter((secret) => file.includes(secret))).toEqual([]);

  const other = await anotherLab();
  await other.open();
  const there = new SavedSheet(other.page);
  await there.open();
  await there.turnTo("File");
  const choose = async (text: string) => {
    await there.root.getByLabel("Import a file…").setInputFiles({ name: "saved.json", mimeType: "application/json", buffer: Buffer.from(text) });
  };
  await choose('{"format": "framescope.saved.v1", "items": [{"name": "", "message": {"text": "a"}}]}');
  await expect(there.root.getByText("Item 1 of the file: The name needs from 1 to 80 characters")).toBeVisible();
  await choose(file.toString());
  await expect(there.root.getByText("Imported 4 items and 1 variable.")).toBeVisible();
  await there.turnTo("Variables");
  await expect(there.root.getByRole("list", { name: "Variables" })).toContainText("{{token}}no value");
  await there.setVariable("user", "Ann & Bob", false);
  await there.turnTo("Replays");
  await there.root.getByRole("button", { name: "Replay one echo" }).click();
  await there.root.getByRole("button", { name: "Start", exact: true }).click();
  await expect(there.root.getByText("2 messages, all the same.")).toBeVisible();
  await there.turnTo("Connections");
  await there.root.getByRole("button", { name: "Use three fragments" }).click();
  await expect(other.url).toHaveValue(`${other.labUrl}?fragments=3`);
  await there.open();
  await there.turnTo("Connections");
  await there.root.getByRole("button", { name: "Use late answers" }).click();
  await expect(other.url).toHaveValue("wss://echo.example/?token=********&user=Ann+%26+Bob");
  const known = await other.page.request.get(`/api/sessions/${new URL(other.page.url()).pathname.slice("/s/".length)}/rules`);
  expect(await known.json()).toMatchObject(rules);
});
