// A recorded connection is played again, becomes a server, and is compared with another one.
import { expectAccessible } from "../support/axe.ts";
import { Recording } from "../support/export.ts";
import { Lab, expect } from "../support/lab.ts";
import { expectNoSidewaysScroll } from "../support/narrow.ts";
import { Tool, test } from "../support/workbench.ts";

test("the client's side is played again to a server of Node's ws, and what differs is shown row by row", async ({ lab, page, startRelay, prices }) => {
  const relay = await startRelay("--relay-to", prices.url);
  await lab.open(relay.url);
  await lab.route.choose(["Another server", prices.url]);
  const url = await lab.url.inputValue();
  await lab.connect();
  await lab.sendText("price");
  await expect(lab.row(/onmessage .*13/)).toBeVisible();
  await lab.sendHex("00 ff");
  await expect(lab.row(/onmessage 2 B/)).toBeVisible();
  await lab.close("1000");
  await lab.expectState("CLOSED");

  await lab.sequence.press("Home");
  await lab.inspect(1);
  const tool = new Tool(page, "Replay");
  await tool.open("Replay…");
  await expect(tool.root.getByText("2 messages of the client will be sent.")).toBeVisible();
  await tool.root.getByLabel("Send to").fill("ftp://x");
  await tool.button("Start").click();
  await expect(tool.root.getByLabel("Send to")).toHaveAccessibleDescription(/starts with ftp:/);

  await tool.root.getByLabel("Send to").fill(url);
  await tool.root.getByLabel("When").selectOption("When the answers have come");
  await tool.button("Start").click();
  await expect(tool.root.getByText("The connection closed with 1000.")).toBeVisible();
  await tool.expectRows(
    "server same | welcome | welcome",
    "client same | price | price",
    'server different | {"type":"price","price":13} | {"type":"price","price":14}',
    "client same | 00 ff | 00 ff",
    "server same | 00 ff | 00 ff",
  );
  await expect(tool.root.getByText("1 of 5 messages differ.")).toBeVisible();
  await expect(tool.root.locator("mark")).toHaveText(["3}", "4}"]);
  await tool.root.getByLabel("Only differences").check();
  await tool.expectRows('server different | {"type":"price","price":13} | {"type":"price","price":14}');
  await tool.root.getByLabel("Only differences").uncheck();
  await expectAccessible(page, { rules: "all", within: "dialog" });

  // Step by step: nothing is sent before the button, and the server is another one.
  await tool.root.getByLabel("Send to").fill(`${relay.wsUrl}/echo`);
  await tool.root.getByLabel("When").selectOption("Step by step");
  await tool.button("Start again").click();
  await expect(tool.root.getByText("Sent 0 of 2. The next one waits for you.")).toBeVisible();
  await tool.button("Send the next one now").click();
  await expect(tool.root.getByText("Sent 1 of 2. The next one waits for you.")).toBeVisible();
  await tool.button("Send the next one now").click();
  await expect(tool.root.getByText("Sent 2 of 2. The server has not yet said as much as before.")).toBeVisible();
  await tool.button("Stop").click();
  await expect(tool.root.getByText("The connection closed with 1000.")).toBeVisible();
  await tool.expectRows(
    "server only then | welcome |",
    "client same | price | price",
    'server different | {"type":"price","price":13} | price',
    "client same | 00 ff | 00 ff",
    "server same | 00 ff | 00 ff",
  );
  await page.setViewportSize({ width: 360, height: 740 });
  await expectNoSidewaysScroll(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(page, { rules: "contrast", within: "dialog" });
});

test("one click makes a server of a recorded one, and another shows what differs", async ({ lab, page, startRelay, prices }) => {
  const relay = await startRelay("--relay-to", prices.url);
  await lab.open(relay.url);
  const labUrl = lab.labUrl;
  await lab.route.choose(["Another server", prices.url]);
  await lab.connect();
  await lab.sendText("price");
  await expect(lab.row(/onmessage .*13/)).toBeVisible();
  await lab.close("1000");
  await lab.expectState("CLOSED");

  await lab.sequence.press("Home");
  await lab.inspect(1);
  const server = new Tool(page, "Make a server");
  await server.open("Make a server…");
  await expect(server.root.getByText("The script has 2 answers.")).toBeVisible();
  await expectAccessible(page, { rules: "all", within: "dialog" });
  await server.button("Use it in this session").click();
  await expect(server.root.getByText("The server is ready at")).toContainText(`${labUrl}?deflate=off&script=session`);
  await server.close();
  await expect(lab.url).toHaveValue(`${labUrl}?deflate=off&script=session`);

  await lab.connect();
  await lab.sendText("something else");
  await lab.sendText("price");
  // The same price as it was, and not the next one.
  await expect(lab.row(/onmessage .*13/)).toHaveCount(2);
  await lab.close("1000");
  await lab.expectState("CLOSED");

  await lab.sequence.press("Home");
  await lab.inspect(1);
  const compare = new Tool(page, "Compare");
  await compare.open("Compare…");
  await compare.root.getByLabel("Right, from this session").selectOption("3");
  await compare.expectRows(
    "server same | welcome | welcome",
    "client only right | | something else",
    "client same | price | price",
    'server same | {"type":"price","price":13} | {"type":"price","price":13}',
  );
  await expectAccessible(page, { rules: "all", within: "dialog" });
});

test("recordings are compared, played again, and become servers too", async ({ lab, page, relay }) => {
  await lab.open();
  await lab.connect();
  await lab.sendText("first");
  await lab.expectRows(5);
  await lab.close("1000");
  await lab.expectState("CLOSED");
  await lab.export.open();
  const file = await lab.export.download("json");
  const capture = await lab.export.download("pcapng");

  const recording = new Recording(page);
  await recording.open();
  await recording.choose({ name: "one.json", buffer: file.bytes });
  const replayed = new Lab(page);
  await replayed.inspect(1);
  const compare = new Tool(page, "Compare");
  await compare.open("Compare…");
  await expect(compare.root.getByText("There is no other connection with messages here.")).toBeVisible();
  await compare.root.getByLabel("Open a recording…").setInputFiles({ name: "bad.json", mimeType: "application/json", buffer: Buffer.from("{}") });
  await expect(compare.root.getByRole("alert")).toContainText("Cannot open bad.json: ");
  // A capture of the same session has the same messages.
  await compare.root.getByLabel("Open a recording…").setInputFiles({ name: "one.pcapng", mimeType: "application/octet-stream", buffer: capture.bytes });
  await expect(compare.root.getByText("2 messages, all the same.")).toBeVisible();
  await expect(compare.root.getByLabel("Right, from one.pcapng")).toBeVisible();
  await compare.root.getByLabel("Open a recording…").setInputFiles({ name: "two.json", mimeType: "application/json", buffer: file.bytes });
  await expect(compare.root.getByText("2 messages, all the same.")).toBeVisible();
  await compare.close();

  const replay = new Tool(page, "Replay");
  await replay.open("Replay…");
  await expect(replay.root.getByLabel("Send to")).toHaveValue(`${relay.wsUrl}/echo`);
  await replay.button("Start").click();
  await expect(replay.root.getByText("The connection closed with 1000.")).toBeVisible();
  await replay.expectRows("client same | first | first", "server same | first | first");
  await replay.close();

  const server = new Tool(page, "Make a server");
  await server.open("Make a server…");
  await server.button("Use it in a new session").click();
  await server.root.getByRole("link", { name: "Open its playground" }).click();
  await page.waitForURL(/\/s\/[a-z2-7]{26}#play\?lab=/);
  await lab.connect();
  await lab.sendText("first");
  await expect(lab.row(/onmessage "first"/)).toBeVisible();
});
