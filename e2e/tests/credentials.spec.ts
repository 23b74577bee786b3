// Another application on the same host logs its visitors in with an HttpOnly cookie. A page of it that opens a socket to the lab does
// not reveal that cookie to whoever watches the session.
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

import { expectAccessible } from "../support/axe.ts";
import { expect, test } from "../support/lab.ts";

const SECRET = "HTTPONLY-SECRET";

/** A server on another port of localhost: it sets the cookie, and its page has no content of its own. */
async function loginServer(): Promise<{ server: Server; url: string }> {
  const server = createServer((_, response) => {
    response.writeHead(200, {
      "Content-Type": "text/html",
      "Set-Cookie": `lms_session=${SECRET}; HttpOnly; SameSite=Lax; Path=/`,
    });
    response.end("<!doctype html><title>Login</title>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, url: `http://localhost:${(server.address() as AddressInfo).port}/` };
}

test("a cookie of another application on the host is never recorded", async ({ lab, page, context, relay, request }) => {
  await lab.open();
  const session = new URL(page.url()).pathname.slice("/s/".length);
  const { server, url } = await loginServer();
  const socket = `${relay.wsUrl.replace("127.0.0.1", "localhost")}/lab/${session}`;

  const other = await context.newPage();
  await other.goto(url);
  const seen = await other.evaluate(async (socket) => {
    const opened = new WebSocket(socket);
    await new Promise((resolve, reject) => {
      opened.onopen = resolve;
      opened.onerror = reject;
    });
    opened.send("sent by another page");
    return document.cookie;
  }, socket);
  expect(seen, "the script itself cannot read the cookie").toBe("");
  expect((await context.cookies(url)).map(({ value }) => value)).toEqual([SECRET]);

  // The page shows that there was a cookie, what its name is, and why its value is not there.
  const inspector = await lab.inspect(/^To the relay: GET /);
  await expect(inspector.root).toContainText(`Cookie: lms_session=${"*".repeat(SECRET.length)}`);
  await expect(inspector.root).toContainText("Concealed. A credential could be used by everyone who has this session’s link");
  await expectAccessible(page, { rules: "all" });
  await inspector.root.getByRole("tab", { name: "On the path" }).click();
  await expect(inspector.root).toContainText("An eavesdropper reads the real values.");
  expect(await page.content()).not.toContain(SECRET);
  for (const format of ["json", "har", "pcapng"]) {
    const file = await request.get(`${relay.url}/api/sessions/${session}/export.${format}`);
    expect((await file.body()).includes("lms_session"), format).toBe(true);
    expect((await file.body()).includes(SECRET), format).toBe(false);
  }

  const feed = await page.evaluate(async (feed) => {
    const socket = new WebSocket(feed, "framescope.observe.v1");
    return new Promise<string>((resolve) => {
      let all = "";
      socket.onmessage = ({ data }) => {
        all += data;
        if (all.includes("lms_session")) resolve(all);
      };
    });
  }, `${relay.wsUrl}/api/sessions/${session}/observe`);
  expect(feed).not.toContain(SECRET);
  await other.close();
  server.close();
});
