// The least that must hold: the relay answers, and the page it carries starts without complaint.
import { expect, test } from "../support/relay.ts";

test("the relay says that it is well", async ({ request }) => {
  const answer = await request.get("/healthz");
  expect(answer.status()).toBe(200);
});

test("the page starts without an error in the console", async ({ page }) => {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));

  await page.goto("/");
  await expect(page).toHaveTitle(/Framescope/);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  expect(complaints).toEqual([]);
});

test("a relay that went away comes back at the same address", async ({ startRelay, request }) => {
  const relay = await startRelay();
  const health = `${relay.url}/healthz`;
  expect((await request.get(health)).status()).toBe(200);

  await relay.crash();
  await expect(request.get(health)).rejects.toThrow(/ECONNREFUSED/);

  await relay.startAgain();
  expect((await request.get(health)).status()).toBe(200);
});
