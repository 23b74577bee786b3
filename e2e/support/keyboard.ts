// What a visitor without a mouse does, and where the focus is then.
import { expect, type Locator, type Page } from "@playwright/test";

/** Presses Tab until `target` has the focus, which must be visible there. Waits first until `target` can take the focus. */
export async function tabTo(page: Page, target: Locator, direction: "forwards" | "backwards" = "forwards"): Promise<void> {
  await expect(target).toBeVisible();
  // One with `aria-disabled` can take it.
  await expect.poll(() => target.evaluate((element) => element.matches(":disabled"))).toBe(false);
  const seen: string[] = [];
  for (let presses = 0; presses < 60; presses++) {
    // The editor of the challenges is in a shadow tree, which has a focus of its own.
    const arrived = target.evaluate((element) => element === (element.getRootNode() as Document | ShadowRoot).activeElement);
    if (await arrived) return expectFocusShown(page);
    await page.keyboard.press(direction === "forwards" ? "Tab" : "Shift+Tab");
    seen.push(await focused(page));
  }
  throw new Error(`Tab does not lead to ${target}: it went over ${seen.join(", ")}`);
}

/** What has the focus, in a few words. */
async function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { tagName = "nothing", id = "", ariaLabel = "", textContent = "" } = document.activeElement ?? {};
    return `${tagName.toLowerCase()}#${id} ${ariaLabel ?? textContent?.slice(0, 20)}`;
  });
}

/** Whatever has the focus is no mere page, and an outline shows where it is. */
export async function expectFocusShown(page: Page): Promise<void> {
  const shown = () =>
    page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return "the focus is lost";
      // What stands for a hidden field shows the focus for it.
      const marked = [element, element.closest("label")].some((candidate) => {
        if (candidate === null) return false;
        const { outlineStyle, outlineWidth } = getComputedStyle(candidate);
        return outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
      });
      return marked ? "shown" : `the focus on ${element.outerHTML.slice(0, 120)} cannot be seen`;
    });
  await expect.poll(shown).toBe("shown");
}
