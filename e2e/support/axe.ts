// axe-core over whatever the page shows just now.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * A row is read as a sentence, which has words for what the eye sees as arrow and column. What is visible stands in it
 * part by part, as speech control needs it, though not in one piece, as this rule has it.
 */
const PASSED_OVER = ["label-content-name-mismatch"];

/** Fails with what is wrong and where: by all rules, or by those of contrast, which is all that a theme changes. */
export async function expectAccessible(page: Page, rules: "all" | "contrast" = "all"): Promise<void> {
  const axe = new AxeBuilder({ page });
  if (rules === "all") axe.withTags(TAGS).disableRules(PASSED_OVER);
  else axe.withRules(["color-contrast", "link-in-text-block"]);
  const { violations } = await axe.analyze();
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help} at ${target.join(" ")}\n${failureSummary ?? ""}`),
  );
  // Soft: one run tells of all states.
  expect.soft(found).toEqual([]);
}
