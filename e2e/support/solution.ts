// Runs the solution of a challenge in the page, as a learner does who has copied it.
import { expect } from "@playwright/test";

import type { ChallengePage } from "./challenge.ts";
import { lineOfNoSuchHost } from "./complaints.ts";
import { FRAMES, MOST_RUNS, RECEIVED, type WrittenChallenge } from "./written-challenges.ts";

/** How many runs a solution gets that waits. */
const RUNS = 3;
/** What such a solution has in it. */
const WAITS = /\b(lab\.sleep|setTimeout)\(/;

/** Runs it until everything is done that the checks ask for. */
export async function passesInPage(challenge: ChallengePage, written: WrittenChallenge, limit: number): Promise<void> {
  if (written.conceal) {
    await passesByWhatIsSeen(challenge, written, limit);
    return;
  }
  // As the page shows it, with the values filled in.
  await challenge.takeSolution();
  await challenge.runToEnd(limit);
  // A busy machine makes a wait too long. A learner runs the code again then.
  const isMet = async () => (await challenge.summary.textContent()) === `${written.checks.length} of ${written.checks.length} checks met`;
  for (let run = 1; run < RUNS && WAITS.test(written.solution) && !(await isMet()); run++) {
    await challenge.settle();
    if (await isMet()) break;
    await challenge.runToEnd(limit);
  }
  if (written.solution.includes(FRAMES)) {
    await challenge.settle();
    await challenge.try(written.solution.replace(FRAMES, `const fragments = ${await challenge.fragments()};`), limit);
  }
  if (written.checks.some((check) => check.pasted !== undefined)) await challenge.paste(await lineOfNoSuchHost(challenge.page));
}

/** Each run takes the bytes that the server sent in the run before. */
async function passesByWhatIsSeen(challenge: ChallengePage, { id, solution }: WrittenChallenge, limit: number): Promise<void> {
  let received = "";
  for (let run = 1; run <= MOST_RUNS; run++) {
    await challenge.try(solution.replace(RECEIVED, `const received = "${received}";`), limit);
    await challenge.settle();
    // The page does not know the faults, so it asks the relay.
    const { found, met } = await challenge.gradedByRelay(id);
    await expect(challenge.check(0)).toContainText(found);
    if (met) return;
    received = await challenge.lastReceived();
  }
}
