// Every published challenge: the starter fails, the solution passes, and each wrong attempt fails at the check that its
// author names, with the text that a learner reads.
import { ChallengePage } from "../support/challenge.ts";
import { REQUEST_FAILED, SOCKET_FAILED, lineOfNoSuchHost } from "../support/complaints.ts";
import { challenges } from "../support/written-challenges.ts";
import { expect, test } from "../support/lab.ts";

test("there are at least sixteen challenges, and each has a wrong attempt", () => {
  expect(challenges().length).toBeGreaterThanOrEqual(16);
  expect(challenges().filter(({ wrong }) => wrong.length === 0)).toEqual([]);
});

/** How long a run may take beyond its time limit before it counts as hung. */
const HANG = 30_000;
/** The verdict on waits that are too regular. A busy machine is late by chance, and makes regular waits irregular. */
const TOO_REGULAR = "They double exactly";
/** How many runs an attempt with such a verdict gets. */
const RUNS = 3;
/** How far apart two waits are from doubling if the machine was on time, in milliseconds. */
const ON_TIME = 5;

/** The waits that a verdict lists: `The waits were 302, 601, 1203, 2405 ms.` */
function waitsOf(verdict: string): number[] {
  return (/The waits were ([\d, ]+) ms/.exec(verdict)?.[1] ?? "").split(", ").map(Number);
}

for (const { id, checks, limit, starter, wrong } of challenges()) {
  // One after another in one page, as a learner would do it. Each run starts over.
  test(`${id}: the starter fails, each wrong attempt fails, and the solution passes`, { tag: "@waiting" }, async ({ page, complaints }) => {
    test.setTimeout((2 + RUNS * wrong.length) * (limit + 2 * HANG));
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
        for (let run = 1; ; run++) {
          await challenge.try(code, limit + HANG);
          await challenge.settle();
          const standing = await challenge.check(place).locator(".check-state").innerText();
          if (standing === "not met" || !says.includes(TOO_REGULAR)) break;
          // It passed, which is right only if the machine made the waits irregular.
          const waits = waitsOf(await challenge.check(place).innerText());
          const late = waits.slice(1, -1).map((wait, index) => Math.abs(wait - waits.at(-1)! / 2 ** (waits.length - 2 - index)));
          expect(Math.max(...late), `${waits} double exactly, but the check is met`).toBeGreaterThan(ON_TIME);
          // Start with a new session, outside of the page, which would store that it passed.
          await page.goto("/healthz");
          await page.evaluate(() => (localStorage.clear(), sessionStorage.clear()));
          await challenge.open(id);
          if (run < RUNS) continue;
          console.log(`NOTE: ${id}/${file} could not be tried: this machine was late in ${RUNS} of ${RUNS} runs (${waits} ms)`);
          return;
        }
        await challenge.expectNotMet(place);
        await expect(challenge.check(place)).toContainText(says.replaceAll("`", ""));
        await expect(challenge.passed).toBeHidden();
        await expect(challenge.title).not.toContainText("passed");
      });
    }

    await test.step("the solution passes", async () => {
      // As the page shows it, with the values filled in.
      await challenge.takeSolution();
      await challenge.runToEnd(limit + HANG);
      if (checks.some((check) => check.pasted !== undefined)) await challenge.paste(await lineOfNoSuchHost(page));
      await expect(challenge.passed).toBeVisible();
      await expect(challenge.summary).toHaveText(`${checks.length} of ${checks.length} checks met`);
    });
  });
}
