// Accessibility of the challenges: keyboard, axe, a narrow screen, dark mode, and https.
import type { Page } from "@playwright/test";

import { expectAccessible } from "../support/axe.ts";
import { ChallengePage } from "../support/challenge.ts";
import { expect, test } from "../support/lab.ts";
import { tabTo } from "../support/keyboard.ts";
import { expectNoSidewaysScroll } from "../support/narrow.ts";

const HELLO = `const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send("hello");
socket.onmessage = () => socket.close();`;

// Elements that are still fading in have less contrast.
test.use({ contextOptions: { reducedMotion: "reduce" } });

async function lookAt(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: "light" });
  await expectAccessible(page, { rules: "all" });
  await page.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(page, { rules: "contrast" });
}

test("a challenge can be found, solved and inspected, and its receipt issued, by keyboard", async ({ page }) => {
  await page.goto("/challenges");
  const link = page.getByRole("link", { name: /^The first echo/ });
  await expect(link).toBeVisible();
  await tabTo(page, link);
  await page.keyboard.press("Enter");
  const challenge = new ChallengePage(page);
  await expect(challenge.editor).toBeVisible();
  await tabTo(page, challenge.editor);
  await page.keyboard.press("Control+a");
  await page.keyboard.type(HELLO.replaceAll("\n", " "));
  await page.keyboard.press("Control+Enter");
  await expect(challenge.passed).toBeVisible();

  await page.keyboard.press("Escape");
  await tabTo(page, challenge.check("hello").getByRole("button", { name: "Show the frame" }).first());
  await page.keyboard.press("Enter");
  await expect(challenge.evidence.getByRole("listbox")).toBeFocused();
  await expect(challenge.evidence.getByRole("complementary")).toContainText("browser → relay, 11 B");

  const name = challenge.passed.getByLabel(/^Name for the receipt/);
  await tabTo(page, name, "backwards");
  await page.keyboard.type("Ada");
  await page.keyboard.press("Enter");
  const receipt = challenge.passed.getByRole("textbox", { name: "The receipt", exact: true });
  await expect(receipt).toHaveValue(/Ada/);
  await tabTo(page, challenge.passed.getByRole("link", { name: /^Next/ }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).not.toHaveText("The first echo");
  await expect(challenge.editor).toBeVisible();
});

test("axe finds nothing on a passed challenge, nor on the receipt page", async ({ page }) => {
  const challenge = new ChallengePage(page);
  await challenge.open("first-echo");
  await challenge.try(HELLO);
  await expect(challenge.passed).toBeVisible();
  const receipt = await challenge.getReceipt("Ada");
  await challenge.help.getByRole("button", { name: /^Show hint 1/ }).click();
  await lookAt(page);

  await page.goto("/receipt");
  for (const [text, words] of [[receipt, "is valid"], [receipt.replace("Ada", "Eve"), "is not valid"]] as const) {
    await page.getByRole("textbox", { name: "The receipt" }).fill(text);
    await page.getByRole("button", { name: "Check", exact: true }).click();
    await expect(page.getByRole("status")).toContainText(words);
    await lookAt(page);
  }
});

test.describe("360 px wide", () => {
  test.use({ viewport: { width: 360, height: 740 } });

  test("task, code and checks are in one column, without scrolling sideways", async ({ page }) => {
    const challenge = new ChallengePage(page);
    await challenge.open("first-echo");
    await expectNoSidewaysScroll(page);
    await challenge.try(HELLO);
    await expect(challenge.passed).toBeVisible();
    await challenge.getReceipt("Ada");
    await expectNoSidewaysScroll(page);
    const tops = [page.getByRole("region", { name: "Task" }), challenge.editor, page.getByRole("region", { name: "Checks" }), challenge.help].map(
      async (part) => (await part.boundingBox())?.y ?? NaN,
    );
    const places = await Promise.all(tops);
    expect(places.every(Number.isFinite), `each of them is on the page: ${places}`).toBe(true);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    await challenge.check("hello").getByRole("button", { name: "Show the frame" }).first().click();
    const row = challenge.evidence.getByRole("option", { selected: true });
    await expect(row).toBeInViewport();
    await row.click();
    await expect(challenge.evidence.getByRole("complementary")).toBeInViewport();
    await expectNoSidewaysScroll(page);
  });
});

test.describe("over https", () => {
  // The relay's certificate is self-signed.
  test.use({ ignoreHTTPSErrors: true });

  test("a challenge can be solved over wss from the sandbox, and both sides are paired", async ({ page, startRelay }) => {
    const relay = await startRelay("--tls-listen", "127.0.0.1:0", "--tls-self-signed");
    await page.goto(`${relay.tlsUrl}/challenges/first-echo`);
    const challenge = new ChallengePage(page);
    await expect(challenge.editor).toBeVisible();
    await challenge.try(HELLO);
    await expect(challenge.passed).toBeVisible();
    await challenge.check("hello").getByRole("button", { name: "Show the frame" }).first().click();
    await expect(challenge.evidence.getByRole("option", { name: /^To the relay: TEXT hello/ })).toBeVisible();
  });

  test("a lesson’s live piece runs over wss", async ({ page, startRelay }) => {
    const relay = await startRelay("--tls-listen", "127.0.0.1:0", "--tls-self-signed");
    await page.goto(`${relay.tlsUrl}/course/introduction`);
    const piece = page.locator(".live").first();
    await piece.getByRole("button", { name: "Run", exact: true }).click();
    await expect(piece.getByRole("option", { name: /^From the relay: TEXT/ }).first()).toBeVisible();
  });
});
