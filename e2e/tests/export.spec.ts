// Taking a session along: as a file for other tools, as a recording that opens again, as code that runs.
import { open } from "node:fs/promises";

import { expectAccessible } from "../support/axe.ts";
import { REQUEST_FAILED } from "../support/complaints.ts";
import { expectFocusShown, tabTo } from "../support/keyboard.ts";
import { Lab, expect, test } from "../support/lab.ts";
import { Recording } from "../support/export.ts";

/** Two connections, of which the second is inspected. */
async function twoConnections(lab: Lab): Promise<void> {
  await lab.open();
  await lab.connect();
  await lab.sendText("on the first");
  await lab.expectRows(5);
  await lab.close("4001", "bye");
  await lab.expectRows(8);
  await lab.connect();
  await lab.sendText("on the second");
  await lab.expectRows(13);
  await lab.inspect(12);
}

test("a session is downloaded for DevTools, for Wireshark, and to open again", async ({ lab, page }) => {
  await twoConnections(lab);
  const session = new URL(page.url()).pathname.slice("/s/".length);
  await lab.export.open();

  const har = await lab.export.download("har");
  expect(har.name).toMatch(/^framescope-.*\.har$/);
  const { log } = JSON.parse(har.bytes.toString());
  expect(log.version).toBe("1.2");
  expect(log.entries).toHaveLength(2);

  const pcapng = await lab.export.download("pcapng");
  expect(pcapng.name).toMatch(/\.pcapng$/);
  expect(pcapng.bytes.subarray(0, 4).toString("hex")).toBe("0a0d0d0a");

  const json = await lab.export.download("json");
  const document = JSON.parse(json.bytes.toString());
  expect(document.format).toBe("framescope.session.v1");
  expect(connectionsIn(document)).toEqual([1, 2]);
  for (const { bytes } of [har, pcapng, json]) expect(bytes.includes(session)).toBe(false);

  await expect(lab.export.onlyInspected).toHaveAccessibleName("Only connection 2, which you are inspecting");
  await lab.export.onlyInspected.check();
  expect(connectionsIn(JSON.parse((await lab.export.download("json")).bytes.toString()))).toEqual([2]);
});

test("a recording opens again, row by row, and nothing in it can be acted on", async ({ lab, page, context }) => {
  await lab.open();
  await lab.behaviours.choose("A server that fragments its messages");
  await lab.connect();
  await lab.sendText("to be kept");
  await expect(lab.row(/^From the relay: CONT .*fragment 3 · FIN/)).toBeVisible();
  await lab.close("4001", "bye");
  await expect(lab.row(/^CLOSED/)).toBeVisible();
  const wire = await lab.wireSentences();
  await lab.export.open();
  const { name, bytes } = await lab.export.download("json");

  const opening = context.waitForEvent("page");
  await lab.export.sheet.getByRole("link", { name: "Open a recording…" }).click();
  const recording = new Recording(await opening);
  await recording.choose({ name, buffer: bytes });
  await expect(recording.banner).toContainText(`A recording. ${name}, started `);
  await expect(recording.banner).toContainText("Asterisks replace the tokens in its handshakes.");
  await expect(recording.banner.getByRole("time").first()).toHaveText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
  const replayed = new Lab(recording.page);
  await replayed.expectRows(wire.length);
  // The session's name is not in the file.
  const nameless = (sentence: string) => sentence.replace(/\/lab\/\w+…/, "/lab/…");
  expect((await replayed.wireSentences()).map(nameless)).toEqual(wire.map(nameless));
  const inspector = await replayed.inspect(/^To the relay: TEXT to be kept/);
  await expect(inspector.root).toContainText("Unmasking");
  await replayed.filter.fill("opcode:ping");
  await expect(replayed.row(/^From the relay: PING/)).toHaveCount(2);
  await expect(replayed.connection).toHaveCount(0);
  await expect(replayed.composer).toHaveCount(0);
  // The playground it was taken from is as it was.
  await expect(lab.row(/^CLOSED/)).toHaveCount(1);
  await expect(page.getByRole("dialog")).toBeVisible();

  await recording.page.getByRole("link", { name: "Open another" }).click();
  await expect(recording.page.getByRole("heading", { level: 1, name: "Open a recording" })).toBeVisible();
});

test("what is no recording says so, and another file can be chosen", async ({ lab, page, browserName }, info) => {
  test.skip(browserName === "firefox", "several pages share one Firefox without windows, and only one of them has the keyboard focus");
  await twoConnections(lab);
  await lab.export.open();
  const json = await lab.export.download("json");
  const recording = new Recording(page);
  await recording.open();
  for (const { name, text, says } of [
    { name: "notes.txt", text: "no JSON at all", says: "Cannot open notes.txt: the file is not a capture (pcap or pcapng), a HAR file" },
    { name: "half.json", text: json.bytes.subarray(0, 400).toString(), says: "Cannot open half.json: the file is not valid JSON" },
    { name: "other.json", text: '{"a": 1}', says: "the file is not a capture (pcap or pcapng), a HAR file" },
    { name: "later.json", text: json.bytes.toString().replace("session.v1", "session.v2"), says: "framescope.session.v2" },
    { name: "damaged.json", text: json.bytes.toString().replace('"seq"', '"sqe"'), says: "the file is damaged" },
    { name: "empty.json", text: `${json.bytes.toString().split("[")[0]}[]}`, says: "the recording is empty" },
  ]) {
    await recording.choose({ name, buffer: Buffer.from(text) });
    await expect(recording.error).toContainText(says);
    await expect(recording.file).toBeFocused();
  }

  const large = info.outputPath("large.json");
  const file = await open(large, "w");
  await file.truncate((64 << 20) + 1);
  await file.close();
  await recording.choose(large);
  await expect(recording.error).toContainText("Cannot open large.json: the file has 67108865 bytes, but the limit is 67108864");
  await expectAccessible(page, { rules: "all" });

  await recording.choose({ name: json.name, buffer: json.bytes });
  await expect(recording.banner).toBeVisible();
  await new Lab(page).expectRows(13);
});

test("the connection as code, in four languages, one of which runs here", async ({ lab, page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await lab.open();
  await lab.subprotocols.fill("chat");
  await lab.connect();
  await lab.sendText("from the page");
  await lab.expectRows(5);
  await lab.export.open();
  for (const [language, words, how] of [
    ["Python", "websockets", "Save it as connect.py, then run"],
    ["Rust", "tokio_tungstenite", "Save it as src/main.rs, then run cargo run"],
    ["websocat", "websocat", "To run it, "],
    ["JavaScript", "new WebSocket(", "To run it, paste it into the console of a browser."],
  ] as const) {
    await lab.export.turnTo(language);
    await expect(lab.export.code).toContainText(words);
    await expect(lab.export.code).toContainText("from the page");
    await expect(lab.export.code).toContainText(lab.labUrl);
    await expect(lab.export.sheet).toContainText(how);
  }
  await lab.export.sheet.getByRole("button", { name: "Copy code" }).click();
  await expect(lab.export.sheet.getByRole("button", { name: "Copied" })).toBeVisible();
  const code = await page.evaluate(() => navigator.clipboard.readText());
  expect(code).toBe(await lab.export.code.innerText());
  // Another text has not been copied.
  await lab.export.turnTo("Python");
  await expect(lab.export.sheet.getByRole("button", { name: "Copy code" })).toBeVisible();
  await lab.export.close();

  await page.evaluate(code);
  await expect(lab.row(/^To the relay: GET .*connection 2/)).toBeVisible();
  await expect(lab.row(/^From the relay: TEXT from the page/)).toHaveCount(2);
});

test("tokens are left out of files, link and code, until they are kept", async ({ lab }) => {
  const token = "token-of-a-test";
  await lab.open();
  await lab.subprotocols.fill(`chat, bearer.${token}`);
  await lab.connect();
  await lab.sendText("hello");
  await lab.expectRows(5);
  await lab.inspect(1);
  await lab.export.open();
  const has = async (format: "har" | "pcapng" | "json") => (await lab.export.download(format)).bytes.includes(token);

  await expect(lab.export.keepTokens).not.toBeChecked();
  await expect(lab.export.link).toHaveValue(new RegExp(String.raw`bearer\.(\*|%2A)`));
  await expect(lab.export.code).toContainText("Tokens are left out");
  await expect(lab.export.code).not.toContainText(token);
  for (const format of ["har", "pcapng", "json"] as const) expect(await has(format), format).toBe(false);

  await lab.export.keepTokens.check();
  await expect(lab.export.link).toHaveValue(new RegExp(token));
  await expect(lab.export.code).toContainText(token);
  for (const format of ["har", "pcapng", "json"] as const) expect(await has(format), format).toBe(true);
});

test("code that did not come can be asked for again", async ({ lab, page, complaints }) => {
  complaints.expect(REQUEST_FAILED);
  await lab.open();
  await page.route(/\/api\/snippets\?/, (route) => route.abort(), { times: 1 });
  await lab.export.open();
  const failed = lab.export.sheet.getByRole("alert");
  await expect(failed).toContainText("The code did not load: the relay does not answer.");
  await failed.getByRole("button", { name: "Retry" }).click();
  await lab.export.turnTo("JavaScript");
  await expect(lab.export.sheet).toContainText("From the fields of this page.");
  await expect(lab.export.code).toContainText('"Hello"');
});

test("all of it is in reach of the keyboard", async ({ lab, page }) => {
  await lab.open();
  const { export: sheet } = lab;
  await tabTo(page, sheet.control);
  await page.keyboard.press("Enter");
  await expect(sheet.sheet).toBeVisible();
  await tabTo(page, sheet.sheet.getByRole("link", { name: "Download .json" }));
  await tabTo(page, sheet.sheet.getByRole("tab", { name: "JavaScript" }));
  await page.keyboard.press("ArrowRight");
  await expect(sheet.sheet.getByRole("tab", { name: "Python" })).toBeFocused();
  await tabTo(page, sheet.code);
  await page.keyboard.press("Escape");
  await expect(sheet.sheet).toBeHidden();
  await expect(sheet.control).toBeFocused();
  await expectFocusShown(page);
});

for (const width of [1440, 360]) {
  for (const [colorScheme, rules] of [["light", "all"], ["dark", "contrast"]] as const) {
    test.describe(`${width} px wide, ${colorScheme}`, () => {
      test.use({ viewport: { width, height: 860 }, colorScheme });

      test("axe finds nothing wrong in what is exported and opened again", async ({ lab, page, browserName }) => {
        test.skip(browserName === "firefox", "Firefox 153 under Playwright loses the page while axe reads it");
        await lab.open("/#play?message=one&message=two&message=three");
        await test.step("the messages of a link", () => expectAccessible(page, { rules }));
        await lab.connect();
        await lab.expectRows(3);
        await lab.export.open();
        await lab.export.turnTo("Rust");
        await test.step("the sheet", () => expectAccessible(page, { rules, within: "dialog" }));
        const { name, bytes } = await lab.export.download("json");

        const recording = new Recording(page);
        await recording.open();
        await test.step("choosing a recording", () => expectAccessible(page, { rules }));
        await recording.choose({ name, buffer: bytes });
        await expect(recording.banner).toBeVisible();
        await test.step("a recording", () => expectAccessible(page, { rules }));
      });
    });
  }
}

/** The connections that a document has something of. */
function connectionsIn(document: { observations: { connection: number }[] }): number[] {
  return [...new Set(document.observations.map(({ connection }) => connection))].sort();
}
