// The JavaScript that `/api/snippets` gives, run by the browser that it is for. The other languages are run by the relay's
// own tests.
import type { APIRequestContext, Page } from "@playwright/test";

import { expect, test } from "../support/relay.ts";

/** All that could be taken for something else than text. */
const ODD = [
  `it's "quoted" \\ and\nin two lines\t<URL>`,
  "</script><!-- ${1 + 1} `id` $(id) {MESSAGES} %s %d",
  "Grüße, 世界 🦀 \u202e\u001b[31m\u2028\0",
  "",
];

interface Snippet {
  language: string;
  code: string;
}

/** The snippet for a browser. */
async function snippet(request: APIRequestContext, url: string, subprotocols: string[], messages: string[]): Promise<string> {
  const query = new URLSearchParams({ url, subprotocol: subprotocols.join(",") });
  for (const message of messages) query.append("message", message);
  const answer = await request.get(`/api/snippets?${query}`);
  expect(answer.status()).toBe(200);
  const { snippets } = (await answer.json()) as { snippets: Snippet[] };
  return snippets.find(({ language }) => language === "javascript")!.code;
}

/** What a page prints, each call's arguments as values, until the connection has closed. */
async function printed(page: Page, run: () => Promise<unknown>): Promise<unknown[][]> {
  const lines: Promise<unknown[]>[] = [];
  const closed = new Promise<void>((resolve) => {
    page.on("console", (message) => {
      // The browser itself complains there that such a page has no icon.
      if (message.type() !== "log") return;
      lines.push(Promise.all(message.args().map((value) => value.jsonValue())));
      if (message.text().startsWith("closed")) resolve();
    });
  });
  await run();
  await closed;
  return Promise.all(lines);
}

/** What the relay has observed: texts of the client's messages, and how the connections ended. */
async function observed(request: APIRequestContext, session: string) {
  interface Observed {
    observations: { event: { opening?: { subprotocol: string | null }; closed?: object } }[];
  }
  const read = async () => (await (await request.get(`/api/sessions/${session}/export.json`)).json()) as Observed;
  await expect.poll(async () => (await read()).observations.at(-1)?.event).toHaveProperty("closed");
  const events = (await read()).observations.map(({ event }) => event);
  const har = (await (await request.get(`/api/sessions/${session}/export.har`)).json()) as {
    log: { entries: { _webSocketMessages: { type: string; opcode: number; data: string }[] }[] };
  };
  const messages = har.log.entries[0]!._webSocketMessages.filter(({ type }) => type === "send");
  return {
    subprotocol: events[0]!.opening!.subprotocol,
    messages: messages.map(({ opcode, data }) => [opcode, data]),
    closed: events.at(-1)!.closed,
  };
}

// A page with snippets has its own policy. The one of the relay forbids scripts of others.
test.use({ bypassCSP: true });

for (const [name, subprotocols, messages] of [
  ["an ordinary one", ["chat"], ["Hello"]],
  ["one without subprotocols, of several messages", [], ["one", "two", "three"]],
  ["one full of odd characters", ["it's", "$`|~"], ODD],
] as const) {
  for (const way of ["pasted into the console", "as a script in a page"] as const) {
    test(`the snippet in JavaScript, ${name}, ${way}`, async ({ page, relay, request }) => {
      const { id } = (await (await request.post("/api/sessions")).json()) as { id: string };
      const code = await snippet(request, `${relay.wsUrl}/lab/${id}`, [...subprotocols], [...messages]);
      await page.goto("/healthz");
      const lines = await printed(page, async () => {
        if (way === "pasted into the console") await page.evaluate(code);
        // Read by the browser's parser of HTML, which must find no end of the element in it.
        else await page.setContent(`<!doctype html><script>${code}</script>`);
      });
      const texts = messages.map((text) => ["text", text]);
      expect(lines).toEqual([["open", subprotocols[0] ?? ""], ...texts, ["closed", 1000, ""]]);
      expect(await observed(request, id)).toEqual({
        subprotocol: subprotocols[0] ?? null,
        messages: messages.map((text) => [1, text]),
        closed: expect.objectContaining({ code: 1000, clean: true, first: "client", cause: "closing-handshake" }),
      });
    });
  }
}
