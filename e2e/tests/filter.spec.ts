// The filter of the sequence: what it finds, where it goes, and what it says about a wrong term.
import { expectAccessible } from "../support/axe.ts";
import { expect, test, type Lab } from "../support/lab.ts";
import { expectNoSidewaysScroll } from "../support/narrow.ts";

const hits = (lab: Lab) => lab.page.getByRole("group", { name: "Hits of the filter" });
const help = (lab: Lab) => lab.page.getByRole("group", { name: "Help with filters" });

test("terms exclude, compare and read JSON; hits are counted, marked and gone through", async ({ lab, page }) => {
  await lab.open();
  await lab.connect();
  for (const text of ['{"type":"ping","id":1}', '{"type":"pong","id":2}', "two words", "word two", "x".repeat(1500)]) await lab.sendText(text);
  await expect(lab.row(/^From the relay: TEXT x+/)).toBeVisible();
  const frames = 10;
  const all = Number(await lab.rows.last().getAttribute("aria-setsize"));

  await lab.filter.fill("from:client json:$.type=ping");
  await lab.expectSequence(/^To the relay: TEXT \{"type":"ping"/);
  await lab.filter.fill("json:$.type -json:$.type=ping");
  await lab.expectSequence(/^To the relay: TEXT \{"type":"pong"/, /^From the relay: TEXT \{"type":"pong"/);
  await lab.filter.fill('"two words"');
  await lab.expectSequence(/two words/, /two words/);
  await lab.filter.fill("/^word\\b/ kind:text");
  await lab.expectSequence(/word two/, /word two/);
  await lab.filter.fill("size:>1k");
  await expect(hits(lab)).toContainText("Hit 1 of 2");
  await lab.filter.fill("field:id=2");
  await lab.expectSequence(/"pong"/, /"pong"/);
  await lab.filter.fill("before:1ms opcode:text");
  await expect(hits(lab)).toContainText("0 hits");
  await expect(page.getByText("No rows match the filter.")).toBeVisible();

  await lab.filter.fill("word kind:text");
  await expect(hits(lab)).toContainText("4 hits");
  await expect(lab.rows.first().locator("mark")).toHaveText(["word"]);
  await lab.filter.press("Enter");
  await expect(hits(lab)).toContainText("Hit 1 of 4");
  await expect(lab.filter).toBeFocused();
  await lab.filter.press("Shift+Enter");
  await expect(hits(lab)).toContainText("Hit 4 of 4");
  await hits(lab).getByRole("button", { name: "Next hit" }).click();
  await expect(hits(lab)).toContainText("Hit 1 of 4");
  await expectAccessible(page, { rules: "all" });

  // The other rows come back, and the hits are marked.
  await hits(lab).getByRole("checkbox", { name: "Hide other rows" }).uncheck();
  await lab.expectRows(all);
  await expect(lab.sequence.locator(".row.hit")).toHaveCount(4);
  await hits(lab).getByRole("button", { name: "Previous hit" }).press("Enter");
  await expect(hits(lab)).toContainText("Hit 4 of 4");
  await lab.filter.fill("-opcode:text");
  await hits(lab).getByRole("checkbox", { name: "Hide other rows" }).check();
  await lab.expectRows(all - frames);
  await lab.filter.fill("");
  await expect(hits(lab)).toBeHidden();
});

test("a wrong term is named with what to write, and help has examples and keeps filters", async ({ lab, page }) => {
  await lab.open();
  await lab.connect();
  await lab.sendText("Hello");
  await lab.filter.fill("hello opcod:ping");
  await expect(lab.filter).toHaveAttribute("aria-invalid", "true");
  await expect(lab.filter).toHaveAccessibleDescription("opcod:ping There is no opcod:. Write opcode:ping, or put the text into quotes to search for it.");
  // A wrong filter hides nothing.
  await expect(lab.row(/^To the relay: TEXT Hello/)).toBeVisible();
  await expect(lab.row(/^To the relay: GET/)).toBeVisible();

  const button = page.getByRole("button", { name: "Help with filters" });
  await button.press("Enter");
  await expect(help(lab)).toBeVisible();
  await expectAccessible(page, { rules: "all" });
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await expectAccessible(page, { rules: "all" });
  await help(lab).getByRole("button", { name: "-opcode:ping" }).click();
  await expect(help(lab)).toBeHidden();
  await expect(lab.filter).toBeFocused();
  await expect(lab.filter).toHaveValue("-opcode:ping");
  await button.click();
  await help(lab).getByRole("button", { name: "Save this filter" }).click();
  await page.keyboard.press("Escape");
  await expect(button).toBeFocused();

  await page.reload();
  await expect(lab.row(/^To the relay: TEXT Hello/)).toBeVisible();
  await button.click();
  // All of it can be read, even if the sequence is low.
  for (const size of [{ width: 1280, height: 600 }, { width: 360, height: 740 }]) {
    await page.setViewportSize(size);
    await expect(help(lab)).toBeInViewport({ ratio: 1 });
    await help(lab).getByRole("button", { name: "is:wrong" }).click({ trial: true });
  }
  await expectNoSidewaysScroll(page);
  const saved = help(lab).getByRole("list", { name: "Saved filters" }).getByRole("listitem");
  await saved.getByRole("button", { name: "-opcode:ping", exact: true }).click();
  await expect(lab.filter).toHaveValue("-opcode:ping");
  await button.click();
  await saved.getByRole("button", { name: "Remove the filter -opcode:ping" }).click();
  await expect(saved).toHaveCount(0);
});

test("the list keeps its place when the filter changes", async ({ lab, page }) => {
  await lab.open();
  await page.evaluate(
    (url) =>
      new Promise<void>((done) => {
        const socket = new WebSocket(url);
        socket.onopen = () => {
          for (let n = 1; n <= 1000; n++) socket.send(`message ${n} ${n % 2 ? "odd" : "even"}`);
        };
        let received = 0;
        socket.onmessage = () => ++received === 1000 && done();
      }),
    await lab.url.inputValue(),
  );
  await expect(lab.rows.last()).toHaveAttribute("aria-setsize", "2003");
  await lab.filter.fill("/^message 500 /");
  await lab.row(/^To the relay: TEXT message 500 even/).click();
  await lab.filter.fill("");
  await lab.sequence.focus();
  await page.keyboard.press("ArrowDown");
  const selected = lab.sequence.locator("[aria-selected=true]");
  await expect(selected).toBeInViewport();
  await page.keyboard.press("ArrowUp");
  await lab.filter.fill("even");
  await expect(hits(lab)).toContainText(/Hit \d+ of 1,000/);
  await expect(selected).toBeInViewport();
  await expect(selected).toContainText("message 500 even");
  await lab.filter.fill("");
  await expect(selected).toBeInViewport();
});
