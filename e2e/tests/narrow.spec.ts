// 360 px: one thing at a time, and nothing beside the screen.
import { expect, test } from "../support/lab.ts";
import { expectNoSidewaysScroll } from "../support/narrow.ts";

test.use({ viewport: { width: 360, height: 740 } });

test("a row opens the inspector over the sequence, and Back returns to it", async ({ lab, page }) => {
  await lab.open();
  await expectNoSidewaysScroll(page);
  await lab.connect();
  await lab.sendText("a long text without a single break in it: ".padEnd(400, "x"));
  const row = lab.row(/^From the relay: TEXT/);
  await expect(row).toBeVisible();
  await expectNoSidewaysScroll(page);

  for (const chosen of [row, lab.row(/^To the relay: TEXT/), lab.row(/^To the relay: GET/)]) {
    await chosen.click();
    await expect(lab.inspector.title).toBeInViewport();
    await expect(lab.sequence).not.toBeInViewport();
    for (const part of await lab.inspector.root.getByRole("tab").allInnerTexts()) {
      await lab.inspector.turnTo(part);
      await expectNoSidewaysScroll(page);
    }
    await lab.inspector.root.getByRole("button", { name: "Back to the sequence" }).click();
    await expect(lab.sequence).toBeInViewport();
    await expect(lab.inspector.title).not.toBeInViewport();
  }
});

test("Back returns to the place in the sequence that one came from", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  for (let n = 1; n <= 15; n++) await lab.sendText(`message ${n}`);
  const last = lab.row(/^From the relay: TEXT message 15 /);
  await expect(last).toBeInViewport();
  await expect(lab.row(1)).not.toBeInViewport();
  const inspector = await lab.inspect(/^From the relay: TEXT message 14 /);
  await inspector.root.getByRole("button", { name: "Back to the sequence" }).click();
  await expect(lab.row(/^From the relay: TEXT message 14 /)).toBeInViewport();
  await expect(lab.row(1)).not.toBeInViewport();
});

test("the whole of an exchange fits the hand", async ({ lab, page }) => {
  await lab.open();
  await lab.connect();
  for (const kind of ["Bytes", "File", "Close", "Text"] as const) {
    await lab.compose(kind);
    await expect(lab.submit).toBeInViewport();
    await expectNoSidewaysScroll(page);
  }
  await lab.sendText("Hello");
  await lab.close("4001", "bye");
  await expect(lab.row(/^CLOSED/)).toBeInViewport();
  await expect(lab.connection.getByRole("button", { name: "Connect again" })).toBeInViewport();
  await expectNoSidewaysScroll(page);
});
