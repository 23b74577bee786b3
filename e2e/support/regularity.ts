// Waits that are too regular. A busy machine is late by chance, and makes regular waits irregular.

/** What the verdicts say about them. */
const TOO_REGULAR = ["They double exactly", "They are the same each time"];
/** How far apart two waits are from doubling, or from being the same, if the machine was on time, in milliseconds. */
const ON_TIME = 5;
const SAME = 15;
/** The number of waits in a round. */
const ROUND = 3;

export function isTooRegular(says: string): boolean {
  return TOO_REGULAR.some((words) => says.includes(words));
}

/** A verdict that refuses a wait because it was too long, which only a busy machine makes it. */
export const TOO_LONG = /Wait \d+ was \d+ ms\. It must be at most/;

/** Whether the waits that a verdict lists are irregular: `The waits were 302, 601, 1203, 302, 612, 1209 ms.` */
export function wereLate(verdict: string): boolean {
  const waits = (/The waits were ([\d, ]+) ms/.exec(verdict)?.[1] ?? "").split(", ").map(Number);
  const rounds = [waits.slice(0, ROUND), waits.slice(ROUND)];
  const doubled = rounds.flatMap((round) => round.map((wait, index) => Math.abs(wait - round.at(-1)! / 2 ** (ROUND - 1 - index))));
  const apart = rounds[0]!.map((wait, index) => Math.abs(wait - rounds[1]![index]!));
  return Math.max(...doubled) > ON_TIME && Math.max(...apart) > SAME;
}
