// Ten thousand messages there and back, and a page that stays usable meanwhile.
import { expect, test } from "../support/lab.ts";

const MESSAGES = 10_000;
/** Request, response, the moment after, and each message twice. */
const ROWS = 3 + 2 * MESSAGES;
/** How many rows may be in the document, whatever the sequence's length. */
const WINDOWED = 150;

test("a flood of 10,000 messages leaves the page responsive, and nothing out", async ({ lab, page }) => {
  await lab.open();
  // The page draws; the longest it went without is told below.
  await page.evaluate(() => {
    const seen = { frames: 0, longest: 0, last: performance.now() };
    Object.assign(window, { seen });
    const tick = (now: number) => {
      seen.frames += 1;
      seen.longest = Math.max(seen.longest, now - seen.last);
      seen.last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  const began = Date.now();
  await page.evaluate(
    ([url, messages]) => {
      const socket = new WebSocket(url);
      socket.onopen = () => {
        for (let n = 1; n <= messages; n++) socket.send(`message ${n}`);
      };
    },
    [await lab.url.inputValue(), MESSAGES] as const,
  );

  // Someone types while it pours.
  await expect(lab.rows.first()).toBeVisible();
  await lab.filter.pressSequentially(`message ${MESSAGES}`, { delay: 0 });
  await expect(lab.filter).toHaveValue(`message ${MESSAGES}`);
  await expect(lab.row(/^To the relay: TEXT message 10000 /)).toBeVisible({ timeout: 120_000 });
  await expect(lab.row(/^From the relay: TEXT message 10000 /)).toBeVisible({ timeout: 120_000 });
  await lab.expectRows(2);
  await lab.filter.fill("");
  const { frames, longest } = await page.evaluate(() => (window as unknown as { seen: { frames: number; longest: number } }).seen);
  console.log(`      ${ROWS} rows in ${Date.now() - began} ms, ${frames} frames drawn, ${Math.round(longest)} ms without one at most`);

  await expect(lab.rows.first()).toHaveAttribute("aria-setsize", String(ROWS));
  expect(await lab.rows.count()).toBeLessThan(WINDOWED);

  await lab.sequence.focus();
  await page.keyboard.press("End");
  await expect(lab.row(ROWS)).toBeVisible();
  await expect(lab.row(ROWS)).toHaveAccessibleName(/^From the relay: TEXT message 10000 /);
  await expect(lab.row(ROWS)).toHaveAttribute("aria-selected", "true");
  expect(await lab.rows.count()).toBeLessThan(WINDOWED);
  await page.keyboard.press("Home");
  await expect(lab.row(1)).toBeVisible();
  await expect(lab.row(1)).toHaveAccessibleName(/^To the relay: GET/);
  expect(await lab.rows.count()).toBeLessThan(WINDOWED);

  // The page's own socket still works, and the newest row is where the view ends.
  await page.keyboard.press("End");
  await lab.connect();
  await lab.sendText("after the flood");
  await expect(lab.row(ROWS + 5)).toHaveAccessibleName(/^From the relay: TEXT after the flood .*onmessage/);
});
