// What is no part of the first view is fetched after it; where it does not come, the page says so and tries again.
import { REQUEST_FAILED } from "../support/complaints.ts";
import { expect, test } from "../support/lab.ts";
import { partsLoaded } from "../support/parts.ts";

const DETAILS = /\/part-details-[0-9a-f]{16}\.wasm$/;

test("the inspector's details are there before a row is chosen, and need no more than that", async ({ lab, page }) => {
  const drawn = page.waitForResponse((response) => DETAILS.test(response.url()));
  await lab.open();
  const answer = await drawn;
  expect(answer.headers()["content-type"]).toBe("application/wasm");
  expect(answer.headers()["cache-control"]).toContain("immutable");
  await answer.finished();
  await partsLoaded(page);

  const wasm: string[] = [];
  page.on("request", (request) => request.url().endsWith(".wasm") && wasm.push(request.url()));
  await lab.connect();
  await expect(lab.inspector.title).toHaveText("Opening handshake");
  await expect(lab.inspector.root.getByRole("tab", { name: "Request" })).toBeVisible();
  expect(wasm).toEqual([]);
});

test("details that did not come are fetched again when asked for", async ({ lab, page, complaints }) => {
  complaints.expect(REQUEST_FAILED, /Failed to fetch/);
  let away = true;
  await page.route(DETAILS, (route) => (away ? route.abort("connectionrefused") : route.continue()));
  await lab.open();
  await lab.connect();
  await expect(lab.inspector.root).toContainText("This part of the page failed to load.");
  away = false;
  await lab.inspector.root.getByRole("button", { name: "Retry" }).click();
  await expect(lab.inspector.root.getByRole("tab", { name: "Request" })).toBeVisible();
});
