// Every published challenge in the page: the starter fails, the solution passes, and a wrong attempt fails at the check that its
// author names, with the text that a learner reads. What needs no page has its other wrong attempts in challenge-clients.spec.ts.
import { ChallengePage } from "../support/challenge.ts";
import { REQUEST_FAILED, SOCKET_FAILED } from "../support/complaints.ts";
import { expect, test } from "../support/lab.ts";
import { passesInPage } from "../support/solution.ts";
import { challenges } from "../support/written-challenges.ts";

test("there are at least sixteen challenges, each with three wrong attempts or more", () => {
  expect(challenges().length).toBeGreaterThanOrEqual(16);
  expect(challenges().filter(({ wrong }) => wrong.length < 3)).toEqual([]);
});

/** How long a run may take beyond its time limit before it counts as hung. */
const HANG = 30_000;

for (const written of challenges()) {
  const { id, place, checks, limit, starter, wrong } = written;
  // One after another in one page, as a learner would do it. Each run starts over.
  test(`${id}: the starter fails, wrong attempts fail, and the solution passes`, { tag: "@waiting" }, async ({ page, complaints }) => {
    test.setTimeout((20 + wrong.length) * (limit + 2 * HANG));
    complaints.expect(SOCKET_FAILED, REQUEST_FAILED);
    const challenge = new ChallengePage(page);
    await challenge.open(id);

    await test.step("what it begins with does not pass", async () => {
      await challenge.try(starter, limit + HANG);
      await challenge.settle();
      await expect(challenge.checks.filter({ hasText: "not met" })).not.toHaveCount(0);
      await expect(challenge.passed).toBeHidden();
    });

    for (const { file, code, fails, says } of place === "browser" ? wrong : wrong.slice(0, 1)) {
      await test.step(`${file} fails at ${fails}`, async () => {
        const place = checks.findIndex((check) => check.id === fails);
        await challenge.try(code, limit + HANG);
        await challenge.settle();
        await challenge.expectNotMet(place);
        await expect(challenge.check(place)).toContainText(says.replaceAll("`", ""));
        await expect(challenge.passed).toBeHidden();
        await expect(challenge.title).not.toContainText("passed");
      });
    }

    if (written.conceal) {
      // What was wrong before counts in the whole session, so start another one.
      await page.goto("/healthz");
      await page.evaluate(() => sessionStorage.clear());
      await challenge.open(id);
    }
    await test.step("the solution passes", async () => {
      await passesInPage(challenge, written, limit + HANG);
      await expect(challenge.passed).toBeVisible();
      await expect(challenge.summary).toHaveText(`${checks.length} of ${checks.length} checks met`);
    });
  });
}
