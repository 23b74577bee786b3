// Every challenge, as it is published: what it begins with fails, the solution passes, and each wrong one fails where its
// author says, in the words that a learner then reads.
import type { Page } from "@playwright/test";

import { ChallengePage } from "../support/challenge.ts";
import { REQUEST_FAILED, SOCKET_FAILED } from "../support/complaints.ts";
import { challenges } from "../support/written-challenges.ts";
import { expect, test } from "../support/lab.ts";

test("there are sixteen at least, and each has something wrong to be told from", () => {
  expect(challenges().length).toBeGreaterThanOrEqual(16);
  expect(challenges().filter(({ wrong }) => wrong.length === 0)).toEqual([]);
});

/** How long a run may take beyond its time limit before it counts as hung. */
const HANG = 30_000;
/** How often an attempt at waits may be disturbed. */
const TRIES = 3;

for (const { id, checks, limit, starter, wrong } of challenges()) {
  // One after the other in one page, as a learner would, each as a run that begins anew.
  test(`${id}: what it begins with fails, so does each wrong one, and the solution passes`, async ({ page, complaints }) => {
    test.setTimeout((2 + TRIES * wrong.length) * (limit + 2 * HANG));
    complaints.expect(SOCKET_FAILED, REQUEST_FAILED);
    const challenge = new ChallengePage(page);
    await challenge.open(id);

    await test.step("what it begins with does not pass", async () => {
      await challenge.try(starter, limit + HANG);
      await challenge.settle();
      await expect(challenge.checks.filter({ hasText: "not met" })).not.toHaveCount(0);
      await expect(challenge.passed).toBeHidden();
    });

    for (const { file, code, fails, says } of wrong) {
      await test.step(`${file} fails at ${fails}`, async () => {
        const place = checks.findIndex((check) => check.id === fails);
        // A machine that stalls for a moment adds chance to waits that have none, and then the wrong attempt is right.
        for (let tries = 0; tries < TRIES; tries++) {
          await challenge.try(code, limit + HANG);
          await challenge.settle();
          if ((await challenge.check(place).locator(".standing").innerText()) === "not met") break;
        }
        await challenge.expectNotMet(place);
        await expect(challenge.check(place)).toContainText(says.replaceAll("`", ""));
        await expect(challenge.passed).toBeHidden();
        await expect(challenge.title).not.toContainText("passed");
      });
    }

    await test.step("the solution passes", async () => {
      // As the page gives it, with what was to be found out filled in.
      await challenge.takeSolution();
      await challenge.runToEnd(limit + HANG);
      if (checks.some((check) => check.pasted !== undefined)) await challenge.paste(await consoleLine(page));
      await expect(challenge.passed).toBeVisible();
      await expect(challenge.summary).toHaveText(`${checks.length} of ${checks.length} checks met`);
    });
  });
}

/** What this browser prints when a host does not exist. Of a worker's console Playwright is told nothing, so the page itself asks. */
async function consoleLine(page: Page): Promise<string> {
  const said = page.waitForEvent("console", (message) => SOCKET_FAILED.test(message.text()));
  await page.evaluate(() => void new WebSocket("ws://this-site-does-not-exist.com"));
  return (await said).text();
}
