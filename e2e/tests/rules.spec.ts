// Rules on the page: messages are held, edited, changed and dropped, on connections to the lab and to other servers.
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

import { WebSocket, WebSocketServer } from "ws";

import { expectAccessible } from "../support/axe.ts";
import { REQUEST_FAILED } from "../support/complaints.ts";
import { Recording } from "../support/export.ts";
import { Lab, expect, test } from "../support/lab.ts";
import { expectNoSidewaysScroll } from "../support/narrow.ts";
import { PythonServer } from "../support/python.ts";
import { Rules } from "../support/rules.ts";

test("a message is held, found from its row, edited bit by bit and forwarded, and both contents are shown", async ({ lab, page }) => {
  const rules = new Rules(lab);
  await lab.open();
  await lab.connect();
  await rules.open();
  await expect(rules.root).toContainText("There are no rules, so every message goes on as it comes.");
  await rules.add({ From: "=the client", "Contains the text": "price", "For at most (ms)": "300000" });
  await expect(rules.list).toHaveText([/Messages from the client with “price” HOLD for 300 s at most, then forward/]);
  await expectAccessible(page, { rules: "all" });

  await lab.sendText("price 12");
  const row = lab.row(/^To the relay: HOLD price 12 rule 1 holds this message from the client; if nobody decides, it goes on after 300 s/);
  await row.click();
  await lab.inspector.root.getByRole("button", { name: "Edit, forward, drop or answer it" }).click();
  await expect(rules.held).toHaveText([/Message 1 from the client, connection 1 price 12 forwarded in \d+ s/]);
  await expectAccessible(page, { rules: "all" });
  // From the message back to its row.
  await lab.inspect(1);
  await rules.button("Show its row").click();
  await expect(row).toHaveAttribute("aria-selected", "true");

  await rules.field("Payload").fill("price 13");
  await rules.button("FIN").click();
  await expect(rules.root.getByRole("list", { name: "What a strict server says" })).toContainText("accepts it");
  await rules.button("FIN").click();
  await rules.button("Forward the edited message").click();
  await expect(lab.row(/^From the relay: TEXT price 13/)).toBeVisible();
  await expect(rules.held).toHaveCount(0);
  await expect(lab.inspector.root).toContainText("It does not wait any more.");

  await lab.row(/FORWARD: rule 1 held this message, and an observer edited it and forwarded it/).click();
  await expect(lab.inspector.root.locator(".before-after pre")).toHaveText(["price 12", "price 13"]);
  const [before, after] = await lab.inspector.root.locator(".before-after section").all();
  const [left, right] = [await before!.boundingBox(), await after!.boundingBox()];
  expect(right!.x).toBeGreaterThan(left!.x + left!.width - 1);
});

test("a rule is edited, moved, switched off and removed, and what is wrong is said beside its field", async ({ lab, page, complaints }) => {
  const rules = new Rules(lab);
  await lab.open();
  await lab.connect();
  await rules.open();
  await rules.add({ Name: "silence", Kind: "=text", "Contains the text": "secret", Action: "=Drop" });
  await rules.add({
    "Is JSON that has": "$.type",
    "with this value there": "price",
    Action: "=Change the content",
    Replace: "=a value in JSON",
    At: "$.price",
    "By this value": "13",
    "Times on each connection": "1",
  });
  await expect(rules.list).toHaveText([
    /silence Text messages with “secret” DROP/,
    /Messages where \$\.type is "price" REPLACE \$\.price by 13 once on each connection/,
  ]);
  await lab.sendText("a secret");
  await expect(lab.row(/^To the relay: DROP a secret rule 1 \(silence\) drops this message/)).toBeVisible();
  await lab.sendText('{"type":"price","price":12}');
  await expect(lab.row(/^From the relay: TEXT .*"price":13\b/)).toBeVisible();

  await rules.open();
  const on = rules.root.getByRole("switch", { name: "Rule 1 is on" });
  await on.press("Space");
  await expect(on).not.toBeChecked();
  await lab.sendText("another secret");
  await expect(lab.row(/^From the relay: TEXT another secret/)).toBeVisible();

  await rules.open();
  await rules.button("Try rule 2 earlier").click();
  await expect(rules.list.nth(1)).toContainText("silence");
  await rules.button("Edit rule 2").click();
  await expect(rules.field("Applies to")).toBeFocused();
  await rules.fill({ "At least (bytes)": "ten" });
  await expect(rules.field("At least (bytes)")).toHaveAccessibleErrorMessage("Write a whole number from 0 instead of “ten”.");
  await rules.button("Save rule").press("Enter");
  await expect(rules.field("At least (bytes)")).toBeFocused();
  await rules.fill({ "At least (bytes)": "", "with this value in it": "chat" });
  await expect(rules.field("Has the decoded field")).toHaveAccessibleErrorMessage("Name the field that has this value, such as event.");
  await rules.fill({ "with this value in it": "", "Matches the regular expression": "(" });
  await rules.button("Save rule").click();
  // Only the relay knows its regular expressions.
  complaints.expect(REQUEST_FAILED);
  await expect(rules.field("Matches the regular expression")).toHaveAccessibleErrorMessage(/rule 2: the regular expression `\(` is invalid/);
  await expectAccessible(page, { rules: "all" });
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await expectAccessible(page, { rules: "all" });
  await page.setViewportSize({ width: 360, height: 740 });
  await expectNoSidewaysScroll(page);
  await page.setViewportSize({ width: 1280, height: 720 });
  await rules.field("Matches the regular expression").fill("^a");
  await page.keyboard.press("Enter");
  await expect(rules.list.nth(1)).toContainText("that match /^a/");

  await rules.button("Remove rule 1").click();
  await expect(rules.list).toHaveCount(1);
  await rules.root.getByText("All rules as JSON").click();
  await expect(rules.field("Rules as JSON")).toHaveValue(/"name": "silence"/);
  await rules.field("Rules as JSON").fill('[{"then": {"note": "seen"}}]');
  await rules.button("Set all rules").click();
  await expect(rules.list).toHaveText([/Messages NOTE seen/]);
});

test("rules act on what crosses a middlebox and ask for decoded fields, and a held message says when the connection would time out", async ({ lab, page }) => {
  const rules = new Rules(lab);
  await lab.open("/#play?via=idle-cut,after=60s");
  await rules.open();
  await rules.add({ "Has the decoded field": "method", "with this value in it": "add", "For at most (ms)": "300000" });
  await rules.add({ "Has the decoded field": "method", Action: "=Drop" });
  await expect(rules.list).toHaveText([/Messages with the field method “add” HOLD/, /Messages with a field method DROP/]);
  await lab.connect();
  await lab.sendText('{"jsonrpc":"2.0","method":"remove","id":1}');
  await lab.sendText('{"jsonrpc":"2.0","method":"add","id":2}');
  await lab.sendText("method");
  await expect(lab.row(/: DROP \{.*rule 2 drops this message/)).toBeVisible();
  await expect(lab.row(/: HOLD \{.*rule 1 holds this message from the client/)).toHaveClass(/\bstopped\b/);
  await lab.sendText("nothing");
  await rules.open("Held");
  // Something was sent since.
  await expect(rules.held).toHaveText([/Message 1 from the client, connection \d+ .*"id":2.* forwarded in \d+ s$/]);
  await rules.button("Drop").click();
  await expect(rules.held).toHaveCount(0);
  await lab.sendText('{"jsonrpc":"2.0","method":"add","id":3}');
  await rules.open("Held");
  await expect(rules.held).toHaveText([/forwarded in \d+ s the connection times out in \d+ s if nothing else is sent$/]);
  await expectAccessible(page, { rules: "all" });
  await rules.button("Forward").click();
  await expect(rules.held).toHaveCount(0);
});

test("rules are part of the link, and another session gets them", async ({ lab, anotherLab, page, complaints }) => {
  const rules = new Rules(lab);
  await lab.open();
  await rules.open();
  await rules.add({ "Contains the text": "later", Action: "=Delay", "By (ms)": "1" });
  await expect(rules.list).toHaveCount(1);
  await lab.export.open();
  await expect(lab.export.sheet).toContainText("1 rule");
  const link = await lab.export.link.inputValue();
  expect(link).toContain("rules=");
  // What looks like a token is not for others.
  await page.keyboard.press("Escape");
  await rules.open();
  await rules.add({ "Contains the text": '"token": "s3cr3t-of-mine"', Action: "=Drop" });
  await expect(rules.list).toHaveCount(2);
  await lab.export.open();
  await expect(lab.export.sheet).toContainText("The link leaves out the rules, because rule 2 may contain a token.");
  await expect(lab.export.link).not.toHaveValue(/rules=/);
  await lab.export.keepTokens.check();
  await expect(lab.export.link).toHaveValue(/rules=.*s3cr3t-of-mine/);

  const other = await anotherLab();
  await other.open(link);
  const theirs = new Rules(other);
  await theirs.open();
  await expect(theirs.list).toHaveText([/Messages with “later” DELAY by 1 ms/]);
  // A link with rules that the relay refuses says so.
  complaints.expect(REQUEST_FAILED);
  await other.open(`/#play?rules=${encodeURIComponent('[{"then": {"delay": {"ms": 0}}}]')}`);
  await expect(other.banner).toContainText("the rules (");
  await expect(other.banner).toContainText("a wait is from 1 to 300000 milliseconds");
});

test("messages between a client and a server of other programs are held at the relay, answered and dropped", async ({ lab, startRelay, page }) => {
  const server = await PythonServer.start();
  const relay = await startRelay("--relay-to", server.url);
  await lab.open(relay.url);
  const rules = new Rules(lab);
  await rules.open();
  await rules.add({ From: "=the client", Action: "=Hold until I decide", "For at most (ms)": "300000" });
  await rules.add({ From: "=the server", "Contains the text": "Python", Action: "=Change the content", "Regular expression": "Python", "By this text": "another snake" });
  await expect(rules.list).toHaveCount(2);

  const session = new URL(page.url()).pathname.slice("/s/".length);
  const client = new WebSocket(`${relay.wsUrl}/relay/${session}?to=${server.url}`, "chat", { perMessageDeflate: true });
  const received: string[] = [];
  client.on("message", (data) => received.push(String(data)));
  await new Promise((open) => client.on("open", open));
  for (const text of ["to Python", "never", "who are you?"]) client.send(text);
  await rules.open("Held");
  await expect(rules.held).toHaveText([/Message 1 .* to Python/, /Message 2 .* never/, /Message 3 .* who are you\?/]);
  // The arrow of each ends at the relay.
  await expect(lab.row(/^From the client to the relay: HOLD never/)).toHaveClass(/\bstopped\b/);

  await rules.button("Forward").click();
  await expect.poll(() => received).toEqual(["to another snake"]);
  await rules.button("Drop").click();
  await expect(rules.held).toHaveCount(1);
  await rules.field("Payload").fill("only the relay");
  await rules.button("Answer with this instead").click();
  await expect.poll(() => received).toEqual(["to another snake", "only the relay"]);
  await expect(rules.root).toContainText("No message is held.");
  await expect(lab.row(/^From the relay to 127\.0\.0\.1:\d+: TEXT to Python/)).toBeVisible();
  await expect(lab.row(/: TEXT never/)).toHaveCount(1);

  // The export has the rules and what became of the messages.
  await lab.export.open();
  const json = await lab.export.download("json");
  expect(JSON.parse(json.bytes.toString())).toMatchObject({ rules: [{ then: { hold: { ms: 300_000 } } }, {}] });
  const recording = new Recording(page);
  await recording.open(relay.url);
  await recording.choose({ name: json.name, buffer: json.bytes });
  const replayed = new Lab(page);
  await replayed.row(/^From the client to the relay: HOLD never/).click();
  await expect(replayed.inspector.root).toContainText("It does not wait any more.");
  client.close();
  await server.stop();
});

test("handshakes with a server of Node are held, edited so that they break, and refused", async ({ lab, startRelay, page }) => {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: (offered) => [...offered].at(-1) ?? false });
  await new Promise((listening) => server.on("listening", listening));
  const asked: IncomingMessage[] = [];
  server.on("connection", (_, request) => asked.push(request));
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const relay = await startRelay("--relay-to", url);
  await lab.open(relay.url);
  const rules = new Rules(lab);
  await rules.open();
  await rules.add({ "Applies to": "=handshake requests", "For at most (ms)": "300000" });
  await rules.button("Add a rule").click();
  await expect(rules.field("Action").getByRole("option")).toHaveCount(9);
  await rules.fill({ Action: "=Break a protocol rule", "Applies to": "=handshake responses", "For at most (ms)": "300000" });
  await expect(rules.field("Action").getByRole("option")).toHaveText(["Hold until I decide", "Delay", "Drop", "Only note it"]);
  await expect(rules.field("Opcode")).toHaveCount(0);
  await rules.button("Add rule").click();
  await expect(rules.list).toHaveText([/Handshake requests HOLD for 300 s/, /Handshake responses HOLD for 300 s/]);

  const session = new URL(page.url()).pathname.slice("/s/".length);
  const connect = () =>
    new WebSocket(`${relay.wsUrl}/relay/${session}?to=${url}/v1&pass=cookie`, "chat", { headers: { Cookie: "id=S3CR3T" } });
  const ended = (client: WebSocket) => new Promise<string>((resolve) => client.on("error", ({ message }) => resolve(message)));
  const client = connect();
  const failed = ended(client);
  const row = lab.row(/^From the client to the relay: HOLD GET \/v1 HTTP\/1\.1 rule 1 holds the request to the server; if nobody decides, it goes on/);
  await expect(row).toHaveClass(/\bstopped\b/);
  await row.click();
  await lab.inspector.root.getByRole("button", { name: "Edit, forward or refuse it" }).press("Enter");
  await expect(rules.held).toHaveText([/Handshake request to the server, connection 1 GET \/v1 HTTP\/1\.1 forwarded in \d+ s/]);

  const head = rules.field("The request to the server");
  await expect(head).toHaveValue(/^GET \/v1 HTTP\/1\.1\nHost: [^]*\nCookie: id=\*{6}$/);
  await expect(head).toHaveAccessibleDescription(/does not record the value of cookie/);
  await expectAccessible(page, { rules: "all" });
  const original = await head.inputValue();
  await head.fill(original + "\nno header");
  await expect(head).toHaveAccessibleErrorMessage(/^Line \d+ must be a header, such as X-Name: value\.$/);
  // What only the relay knows, it says at the same place.
  await head.fill(original.replace("Host: ", "Host: other"));
  await rules.button("Forward the edited head").click();
  await expect(head).toHaveAccessibleErrorMessage("The relay sets host for its own connection; leave its line as it was, once.");
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await expectAccessible(page, { rules: "all" });
  await page.setViewportSize({ width: 360, height: 740 });
  await expectNoSidewaysScroll(page);
  await page.setViewportSize({ width: 1280, height: 720 });
  await head.fill(original.replace("/v1", "/v2?edited").replace("Protocol: chat", "Protocol: chat, never-offered") + "\nX-Added: yes");
  await rules.button("Forward the edited head").press("Enter");

  // The server has answered what it was asked, and its response waits.
  await expect(rules.held).toHaveText([/Handshake response to the client, connection 1 HTTP\/1\.1 101 Switching Protocols/]);
  expect([asked[0]!.url, asked[0]!.headers.cookie, asked[0]!.headers["x-added"]]).toEqual(["/v2?edited", "id=S3CR3T", "yes"]);
  const response = rules.field("The response to the client");
  await expect(response).toHaveValue(/\nSec-WebSocket-Protocol: never-offered$/);
  await response.fill((await response.inputValue()).replace(/Accept: .*/, "Accept: bm90IHRoZSByaWdodCBvbmUhISE="));
  await rules.button("Forward the edited head").click();
  expect(await failed).toBe("Invalid Sec-WebSocket-Accept header");

  await lab.row(/FORWARD: rule 1 held the request to the server, and an observer edited it and forwarded it/).click();
  await expect(lab.inspector.root.locator(".before-after mark")).toHaveText([
    "GET /v1 HTTP/1.1\n",
    "Sec-WebSocket-Protocol: chat\n",
    "GET /v2?edited HTTP/1.1\n",
    "Sec-WebSocket-Protocol: chat, never-offered\n",
    "X-Added: yes\n",
  ]);
  await expectAccessible(page, { rules: "all" });

  const other = connect();
  const refused = ended(other);
  await expect(rules.held).toHaveText([/Handshake request to the server/]);
  await rules.field("with status").fill("200");
  await expect(rules.field("with status")).toHaveAccessibleErrorMessage("Write a status from 400 to 599, such as 403.");
  await rules.field("with status").fill("401");
  await rules.button("Refuse").press("Enter");
  expect(await refused).toBe("Unexpected server response: 401");
  await expect(rules.root).toContainText("No message is held.");
  await expect(lab.row(/: 401 Unauthorized/)).toBeVisible();

  // The export has both heads, without the value of the cookie.
  await lab.export.open();
  const json = (await lab.export.download("json")).bytes.toString();
  expect(json).toContain("GET /v2?edited HTTP/1.1");
  expect(json).not.toContain("S3CR3T");
  server.close();
});
