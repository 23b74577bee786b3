// A session's HAR file, read by the importer of the browser's own DevTools.
import { BINARY, CLOSE, CONTINUATION, Client, PING, TEXT, frame } from "../support/client.ts";
import { expect, test } from "../support/relay.ts";

// The headless shell has no DevTools; the whole browser has.
test.use({
  launchOptions: async ({ launchOptions }, use) => {
    await use({ ...launchOptions, executablePath: process.env.FRAMESCOPE_FULL_CHROMIUM ?? launchOptions.executablePath });
  },
});

/** Where a Chromium has it; not all builds have their DevTools inside, and the module is theirs to move. */
const DEVTOOLS = "devtools://devtools/bundled/devtools_app.html";
const IMPORTER = "devtools://devtools/bundled/models/har/har.js";

test("Chrome DevTools imports a session’s HAR file, messages and refusals included", async ({ page, relay, request }) => {
  const { id } = (await (await request.post("/api/sessions")).json()) as { id: string };
  const lab = `${relay.wsUrl}/lab/${id}`;
  const client = await Client.open(lab);
  client.send(
    frame({ opcode: TEXT, payload: "Grüße, ", fin: false }),
    frame({ opcode: PING, payload: "" }),
    frame({ opcode: CONTINUATION, payload: "世界" }),
    frame({ opcode: BINARY, payload: Buffer.of(0, 1, 255) }),
    frame({ opcode: CLOSE, payload: Buffer.of(0x03, 0xe8) }),
  );
  await client.ended();
  await expect(Client.open(`${lab}?refuse=503`)).rejects.toThrow("No upgrade");
  const har = (await (await request.get(`/api/sessions/${id}/export.har`)).json()) as { log: object };

  const opened = await page.goto(DEVTOOLS).then(
    () => page.evaluate((importer) => import(importer).then(() => true, () => false), IMPORTER),
    () => false,
  );
  test.skip(!opened, `this Chromium has no importer at ${IMPORTER}`);
  const requests = await page.evaluate(
    async ([importer, log]) => {
      const { HARFormat, Importer } = await import(importer as string);
      const messages = (one: any, direction: string) =>
        one.frames().filter(({ type }: any) => type === direction).map(({ opCode, text }: any) => [opCode, text]);
      const imported = Importer.Importer.requestsFromHARLog(new HARFormat.HARLog(log));
      return imported.map((one: any) => ({
        url: one.url(),
        status: one.statusCode,
        type: one.resourceType().name(),
        sent: messages(one, "send"),
        received: messages(one, "receive"),
      }));
    },
    [IMPORTER, har.log] as const,
  );
  const url = `${relay.wsUrl}/lab/${"x".repeat(26)}`;
  const said = [[1, "Grüße, 世界"], [2, "AAH/"]];
  expect(requests).toEqual([
    { url, status: 101, type: "websocket", sent: said, received: said },
    { url: `${url}?refuse=503`, status: 503, type: "websocket", sent: [], received: [] },
  ]);
});
