// The files that the page loads by itself after its first view.
import type { Page } from "@playwright/test";

/** What records, the rows, the inspector’s details, the decoders of messages, and the code that the parts of the page share. */
const LAST = ["/part-intake-", "/part-rows-", "/part-details-", "/part-decoded-", "/shared-"];

/**
 * Waits until a page with an inspector has loaded all of its files. A test that takes the relay away calls this first. Otherwise a
 * file may still be loading: then the browser complains, and the inspector has nothing but a button to load it again.
 */
export async function partsLoaded(page: Page): Promise<void> {
  // A file gets its entry when it has been received.
  await page.waitForFunction((parts) => {
    const loaded = performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname);
    return parts.every((part) => loaded.some((path) => path.includes(part)));
  }, LAST);
}
