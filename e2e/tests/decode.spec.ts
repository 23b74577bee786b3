// What is inside messages: the decoded fields, the choice of a format, and where decoding stopped.
import path from "node:path";

import { CHAT, SAMPLES, decoded, sample } from "../support/decoded.ts";
import { tabTo } from "../support/keyboard.ts";
import { expect, test } from "../support/lab.ts";
import { PythonServer } from "../support/python.ts";

test("JSON is a tree: what a field is, where it is, and what is in it", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await lab.sendText(CHAT);
  await expect(lab.row(4)).toHaveAccessibleName(/^To the relay: TEXT type `chat`, id 7 /);
  const message = await decoded(lab);
  await expect(message.root).toContainText("JSON, because of its shape");
  await message.expectFields(
    "JSON 5 fields",
    'type "chat"',
    "id 7",
    'text "What did the wire carry, and where is it?"',
    "tags 2 items",
    '0 "a"',
    '1 "b"',
    "from 1 field",
    'name "Ann"',
  );
  await message.field(/^name /).click();
  await expect(message.chosen).toContainText("$.from.name");
  await expect(message.chosen).toContainText("bytes 105 to 109");
  await expect(message.marked).toHaveText('"Ann"');
  await message.field(/^1 /).click();
  await expect(message.chosen).toContainText("$.tags[1]");
});

test("path and value of a field are copied", async ({ lab, page, context, browserName }) => {
  if (browserName === "chromium") await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await lab.open();
  await lab.connect();
  await lab.sendText(CHAT);
  const message = await decoded(lab);
  await message.field(/^from /).click();
  await message.chosen.getByRole("button", { name: "Copy path" }).click();
  await expect(message.chosen.getByRole("button", { name: "Copied" })).toBeVisible();
  await message.search.press("ControlOrMeta+v");
  await expect(message.search).toHaveValue("$.from");
  await message.search.fill("");
  await message.chosen.getByRole("button", { name: "Copy value" }).click();
  await expect(message.chosen.getByRole("button", { name: "Copied" })).toHaveCount(2);
  const text = lab.composer.getByLabel("Text message");
  await text.fill("");
  await text.press("ControlOrMeta+v");
  await expect(text).toHaveValue('{\n  "name": "Ann"\n}');
});

test("a search shows what matches and what is around it", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await lab.sendText(CHAT);
  const message = await decoded(lab);
  await message.search.fill("ann");
  await message.expectFields("JSON 5 fields", "from 1 field", 'name "Ann"');
  await expect(message.root).toContainText("1 match");
  await message.search.press("Enter");
  await expect(message.chosen).toContainText("$.from.name");
  await message.search.fill("nowhere");
  await expect(message.root).toContainText("No field matches.");
  await message.search.fill("");
  await expect(message.tree.getByRole("treeitem")).toHaveCount(9);
});

test("MessagePack of a real encoder is recognized, and its bytes are marked", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await lab.sendHex(sample("msgpack"));
  await expect(lab.row(4)).toHaveAccessibleName(/^To the relay: BINARY event `chat`, id 7 · 1\d\d B /);
  const message = await decoded(lab);
  await expect(message.root).toContainText("MessagePack, because of its shape");
  await expect(message.field(/^at /)).toContainText("timestamp");
  await message.field(/^id/).click();
  await expect(message.marked).toHaveText("07");
});

test("Socket.IO is recognized by the path of the request, also on the other side of the relay", async ({ lab, startRelay }) => {
  const python = await PythonServer.start();
  const relay = await startRelay("--relay-to", python.url);
  await lab.open(relay.url);
  await lab.route.open();
  await lab.route.offer("Another server", python.url).click();
  await lab.route.setting("to").fill(`${python.url}/socket.io/?EIO=4&transport=websocket`);
  await lab.route.done();
  await lab.subprotocols.fill("chat");
  await lab.connect();
  await lab.sendText('42/chat,7["message",{"text":"hi"}]');
  await expect(lab.row(/TEXT event `message`, id 7, namespace `\/chat`/)).toHaveCount(4);
  const message = await decoded(lab, /^From the relay to 127\S+: TEXT/);
  await expect(message.root).toContainText("Socket.IO, because of the path of the request");
  await expect(message.field(/^type /)).toContainText("EVENT");
  await python.stop();
});

test("the subprotocol decides, and a choice by hand stays for the next message", async ({ lab }) => {
  await lab.open();
  await lab.subprotocols.fill("graphql-transport-ws");
  await lab.connect();
  await lab.sendText('{"id":"1","type":"subscribe","payload":{"query":"subscription OnMessage { added { id } }"}}');
  await expect(lab.row(4)).toHaveAccessibleName(/TEXT subscribe, id 1, `subscription OnMessage/);
  const message = await decoded(lab);
  await expect(message.root).toContainText("graphql-transport-ws, because of the subprotocol");
  await message.format.selectOption("JSON");
  await expect(message.root).toContainText("JSON, as you chose");
  await expect(lab.row(4)).toHaveAccessibleName(/TEXT type `subscribe`, id 1 /);
  await decoded(lab, 5);
  await expect(message.format).toHaveValue("JSON");
  await message.format.selectOption("Automatic");
  await expect(message.root).toContainText("graphql-transport-ws, because of the subprotocol");
});

test("broken input says where decoding stopped and why, and keeps what was before", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await lab.sendText('{"id":7,"list":[1,2,}');
  const message = await decoded(lab);
  await expect(message.root).toContainText("Decoding stopped at byte 20 of 21");
  await expect(message.root).toContainText("A JSON value is expected, but `}` was found.");
  await expect(message.field(/^id /)).toBeVisible();
  await lab.sendHex(sample("msgpack").slice(0, 60));
  await decoded(lab, 6);
  await message.format.selectOption("MessagePack");
  await expect(message.root).toContainText("Decoding stopped at the end, after byte 30");
  await expect(message.field(/^event /)).toBeVisible();
});

test("a .proto file names the fields of Protocol Buffers", async ({ lab }) => {
  await lab.open();
  await lab.connect();
  await lab.sendHex(sample("protobuf"));
  const message = await decoded(lab);
  await expect(message.root).toContainText("Protocol Buffers, because of its shape");
  await expect(message.field(/^3 /)).toContainText("guess: string");
  await expect(lab.row(4)).toHaveAccessibleName(/^To the relay: BINARY 105 B/);
  const types = message.root.locator("input[type=file]");
  await types.setInputFiles({ name: "broken.proto", mimeType: "text/plain", buffer: Buffer.from("message {") });
  await expect(message.root.getByRole("alert")).toContainText("broken.proto:1:9");
  await types.setInputFiles(path.join(SAMPLES, "chat.proto"));
  const type = message.root.getByLabel("Message type");
  await type.focus();
  await type.selectOption("chat.Message");
  await expect(type).toBeFocused();
  await expect(message.field(/^kind/)).toContainText("TEXT");
  await expect(lab.row(4)).toHaveAccessibleName(/^To the relay: BINARY `chat.Message`, 15 fields/);
});

test("the tree works with the keyboard alone", async ({ lab, page }) => {
  await lab.open();
  await lab.connect();
  await lab.sendText(CHAT);
  const message = await decoded(lab);
  await message.format.focus();
  await tabTo(page, message.tree);
  await page.keyboard.press("End");
  await expect(message.chosen).toContainText("$.from.name");
  await page.keyboard.press("ArrowLeft");
  await expect(message.chosen).toContainText("$.from");
  await page.keyboard.press("ArrowLeft");
  await expect(message.field(/^from /)).toHaveAttribute("aria-expanded", "false");
  await expect(message.tree.getByRole("treeitem")).toHaveCount(8);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(message.chosen).toContainText("$.from.name");
  await page.keyboard.press("Home");
  await expect(message.tree).toHaveAttribute("aria-activedescendant", "field-0");
  await page.keyboard.press("Enter");
  await expect(message.tree.getByRole("treeitem")).toHaveCount(1);
});
