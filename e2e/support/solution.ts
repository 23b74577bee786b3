// Runs the solution of a challenge in the page, as a learner does who has copied it.
import { expect } from "@playwright/test";

import type { ChallengePage } from "./challenge.ts";
import { lineOfNoSuchHost } from "./complaints.ts";
import { TOO_LONG } from "./regularity.ts";
import { FRAMES, MOST_RUNS, RECEIVED, type WrittenChallenge } from "./written-challenges.ts";

/** How many runs a solution gets whose waits come too late. */
const RUNS = 3;

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
  for (let run = 1; run < RUNS && written.checks.some(({ backoff }) => backoff !== undefined); run++) {
    await challenge.settle();
    if ((await challenge.checks.filter({ hasText: TOO_LONG }).count()) === 0) break;
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
