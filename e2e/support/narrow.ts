// What fits a narrow screen.
import { expect, type Page } from "@playwright/test";

/** Nothing stands beside the screen. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const sizes = await page.evaluate(() => {
    const { scrollWidth = 0, clientWidth = 0 } = document.scrollingElement ?? {};
    return { scrollWidth, clientWidth };
  });
  expect(sizes.scrollWidth).toBeLessThanOrEqual(sizes.clientWidth);
}
