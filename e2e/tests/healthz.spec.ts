// The least that must hold: the relay answers, and tests can stop and start it.
import { expect, test } from "../support/relay.ts";

test("the relay says that it is well", async ({ request }) => {
  const answer = await request.get("/healthz");
  expect(answer.status()).toBe(200);
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
