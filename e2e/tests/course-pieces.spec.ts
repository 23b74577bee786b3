// Each kind of piece of a lesson, with real connections.
import { expectAccessible } from "../support/axe.ts";
import { SOCKET_FAILED } from "../support/complaints.ts";
import { FIXTURE, LessonPage, expect, test } from "../support/course.ts";
import { noise } from "../support/png.ts";

test.use({ ignoreHTTPSErrors: true });

test.beforeEach(async ({ lesson, course }, { title }) => {
  if (!title.includes("wss")) await lesson.open(course, title.startsWith("widget") || title.startsWith("an interview") ? "widgets" : "first");
});

test("a live piece shows its plan, runs it, and opens the relevant tab", async ({ lesson, page }) => {
  const hello = lesson.piece("hello");
  await expect(hello.root.getByLabel("Server behavior")).toHaveValue("deflate=off");
  await expect(hello.root.getByRole("textbox", { name: "Message 1" })).toHaveValue("Hello");
  await expect(hello.root.getByRole("textbox", { name: "Message 2" })).toHaveValue("00ff");
  await expect(hello.root).not.toContainText("What to look for");
  const [run] = await hello.run();
  await expect(run!.part).toHaveText("Key → accept");
  await expect(run!.inspector).toContainText("The response has exactly this value");
  await expect(run!.row(/From the relay: BINARY/)).toBeVisible();
  await expect(hello.root).toContainText("What to look for");
  await hello.expectDone();
  await expectAccessible(page, { rules: "all" });

  // Every run has its own session.
  await hello.run();
  await expect(run!.rows.first()).toBeVisible();
  await hello.button("Close").click();
  await expect(hello.root.locator(".result")).toHaveCount(0);
});

test("a live piece can be changed and reset", async ({ lesson }) => {
  const hello = lesson.piece("hello");
  await hello.root.getByLabel("Server behavior").fill("greet=Welcome&deflate=off");
  await hello.button("Remove message 2").click();
  await hello.root.getByRole("textbox", { name: "Message 1" }).fill("changed");
  const [run] = await hello.run();
  await expect(run!.row(/From the relay: TEXT Welcome/)).toBeVisible();
  await expect(run!.row(/From the relay: TEXT changed/)).toBeVisible();
  const link = run!.root.getByRole("link", { name: "Open in the playground" });
  await expect(link).toHaveAttribute("href", "/#play?lab=greet%3DWelcome%26deflate%3Doff&message=changed");
  await hello.button("Reset").click();
  await expect(hello.root.getByRole("textbox", { name: "Message 1" })).toHaveValue("Hello");
  await hello.button("Add a message").click();
  await expect(hello.root.getByRole("textbox", { name: "Message 3" })).toBeVisible();
  // An invalid message is reported before anything runs.
  await hello.root.getByRole("textbox", { name: "Message 2" }).fill("0g");
  await hello.button("Run again").click();
  await expect(hello.root.getByRole("alert").first()).toContainText("Message 2: Character 2 is “g”");
});

test("leaving a lesson ends its connections", async ({ lesson, page }) => {
  const closed: Promise<unknown>[] = [];
  page.on("websocket", (socket) => closed.push(socket.waitForEvent("close")));
  const [run] = await lesson.piece("hello").run();
  await expect(run!.row(/From the relay: TEXT/)).toBeVisible();
  await lesson.next.click();
  await expect(lesson.title).toHaveText("Widgets and interviews");
  expect(closed.length).toBe(2);
  await Promise.all(closed);
});

test("an idle timeout with and without a heartbeat", async ({ lesson }) => {
  const [silent, beating] = await lesson.piece("silence").run();
  await expect(silent!.inspector.getByRole("heading", { level: 2 })).toHaveText("Connection closed");
  await expect(silent!.inspector).toContainText("1006");
  await expect(beating!.row(/PING/).first()).toBeVisible();
  await expect(beating!.inspector).toContainText("wasClean true");
});

test("a proxy that strips Upgrade, and the request that arrives", async ({ lesson, complaints }) => {
  complaints.expect(SOCKET_FAILED);
  const [run] = await lesson.piece("proxy").run();
  await expect(run!.part).toHaveText("Request");
  await expect(run!.inspector).toContainText("Upgrade");
  await expect(run!.root.getByRole("list", { name: "State of the socket" }).locator("[aria-current]")).toHaveText("CLOSED");
});

test("ws and wss: what a middlebox can read", async ({ page, startRelay }) => {
  const relay = await startRelay("--course", FIXTURE, "--tls-listen", "127.0.0.1:0", "--tls-self-signed");
  const lesson = new LessonPage(page);
  await lesson.open(relay, "first", relay.url.replace("127.0.0.1", "localhost"));
  const [ws, wss] = await lesson.piece("secrets").run();
  await expect(ws!.inspector).toContainText("Not encrypted");
  await expect(wss!.inspector).toContainText("Inside TLS");
  await expect(wss!.part).toHaveText("On the path");
});

test("without TLS at the relay, ws works and wss says how to enable it", async ({ lesson, course }) => {
  await lesson.open(course, "first");
  const [ws, wss] = await lesson.piece("secrets").run();
  await expect(ws!.inspector).toContainText("Not encrypted");
  await expect(wss!.root.getByRole("alert")).toContainText("--tls-listen 127.0.0.1:8443 --tls-self-signed");
});

test("an exercise explains a known mistake, gives a hint, and can be tried again", async ({ lesson }) => {
  const exercise = lesson.piece("what-101");
  await exercise.root.getByRole("textbox").fill("ok");
  await exercise.root.getByRole("textbox").press("Enter");
  await expect(exercise.root).toContainText("That is 200.");
  await exercise.root.getByRole("textbox").fill("Teapot");
  await exercise.button("Check").click();
  await expect(exercise.root).toContainText("You can try again as often as you like.");
  await exercise.root.getByRole("textbox").fill(" ");
  await exercise.button("Check").click();
  await expect(exercise.root).toContainText("Type an answer first.");
  await exercise.root.getByText("Hint", { exact: true }).click();
  await expect(exercise.root.getByText("Both sides change.")).toBeVisible();
  await exercise.expectNotDone();
  await exercise.root.getByRole("textbox").fill("Switching Protocols");
  await exercise.button("Check").click();
  await expect(exercise.root).toContainText("They leave HTTP.");
  await exercise.expectDone();
});

test("a quiz explains each choice", async ({ lesson }) => {
  const quiz = lesson.piece("which-header");
  await quiz.button("Host").click();
  await expect(quiz.root).toContainText("It names the server.");
  await quiz.expectNotDone();
  await quiz.button(/Upgrade/).click();
  await expect(quiz.root).toContainText("With Connection: Upgrade.");
  await expect(quiz.root).not.toContainText("It names the server.");
  await quiz.expectDone();
});

test("a lesson links to its challenge, and Back returns to the link", async ({ lesson, page }) => {
  const piece = lesson.piece("echo");
  await piece.root.getByRole("link", { name: "Open the challenge" }).click();
  await expect(page).toHaveURL(/\/challenges\/echo$/);
  await page.goBack();
  await expect(page).toHaveURL(/#echo$/);
  await expect(piece.root).toBeFocused();
  await expect(piece.root).toBeInViewport();
});

test("an interview stores the reader’s answer, then shows the model answer", async ({ lesson, page }) => {
  const interview = lesson.piece("walk-through");
  await expect(interview.root).not.toContainText("A GET that asks");
  await interview.root.getByRole("textbox", { name: "Walk me through" }).fill("A request, a response.");
  // Without leaving the field.
  await page.reload();
  await expect(interview.root.getByRole("textbox", { name: "Walk me through" })).toHaveValue("A request, a response.");
  await interview.button("Show the model answer").click();
  await expect(interview.root.getByRole("group", { name: "Model answer" })).toBeFocused();
  await expect(interview.root).toContainText("A GET that asks for an upgrade, and a 101.");
  await interview.root.getByRole("checkbox", { name: "101" }).check();
  await interview.expectDone();
  const [run] = await interview.run();
  await expect(run!.part).toHaveText("Request");
  await page.reload();
  await interview.button("Show the model answer").click();
  await expect(interview.root.getByRole("checkbox", { name: "101" })).toBeChecked();
});

test("widget: the handshake step by step, with a real key", async ({ lesson }) => {
  const steps = lesson.piece("steps");
  await steps.button("Run the handshake").click();
  await expect(steps.root).toContainText("1 of 7: The request line");
  await steps.button("Next").click();
  await steps.button("Next").click();
  const key = await steps.root.locator(".own-key").innerText();
  await expect(steps.root.locator(".marked")).toHaveText(`Sec-WebSocket-Key: ${key}`);
  for (let step = 3; step < 7; step++) await steps.button("Next").click();
  await expect(steps.root.getByRole("listitem").first()).toContainText(key);
  await expect(steps.root).toContainText("The response has exactly this value");
  await steps.expectDone();
  await steps.button("Back").click();
  await expect(steps.root).toContainText("6 of 7");
});

test("widget: a flipped bit, and what a strict server says", async ({ lesson, page }) => {
  const bits = lesson.piece("bits");
  await expect(bits.root).toContainText("A text message: “Hi”");
  await expect(bits.root.getByRole("group", { name: "The frame, bit by bit" }).getByRole("button")).toHaveCount(64);
  await bits.button("Bit 8, MASK").click();
  await expect(bits.root).toContainText(/a client must mask every frame/i);
  await expect(bits.root).toContainText("1002");
  await expect(bits.root).toContainText("RFC 6455 §5.1");
  await bits.expectDone();
  await bits.button("Reset bits").click();
  await expect(bits.root).toContainText("A text message: “Hi”");
  // By keyboard: Tab reaches one bit, and the arrow keys move between bits.
  await bits.button("Bit 0, FIN").focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Space");
  await expect(bits.root).toContainText("RSV1");
  await expect(bits.button("Bit 1, RSV1")).toHaveAttribute("aria-pressed", "true");
  // The bit that Tab reaches disappears when the message gets shorter.
  await bits.root.getByLabel("Message").fill("x".repeat(20));
  await bits.button("Bit 0, FIN").focus();
  await page.keyboard.press("End");
  await bits.root.getByLabel("Message").fill("Hi");
  await expect(bits.root.locator(".eight [tabindex='0']")).toHaveCount(1);
  await bits.root.getByLabel("Message").fill("x".repeat(30));
  await expect(bits.root.getByRole("alert")).toContainText("The message has 30 bytes; the limit here is 24.");
});

test("widget: masking by hand", async ({ lesson }) => {
  const mask = lesson.piece("mask");
  // RFC 6455 §5.7 has the same text with the same key.
  for (const [at, byte] of ["7f", "9f", "4d"].entries()) {
    await mask.root.getByLabel(`Masked byte ${at + 1}`).fill(byte);
    await expect(mask.root.getByLabel(`Masked byte ${at + 2}`)).toBeFocused();
  }
  await mask.root.getByLabel("Masked byte 4").fill("00");
  await expect(mask.root.getByLabel("Masked byte 4")).toHaveAttribute("aria-invalid", "true");
  await mask.expectNotDone();
  await mask.button("Fill in the rest").click();
  await expect(mask.root).toContainText("5 of 5 right");
  await mask.expectNotDone();
  await mask.button("Clear").click();
  for (const [at, byte] of ["7f", "9f", "4d", "51"].entries()) await mask.root.getByLabel(`Masked byte ${at + 1}`).fill(byte);
  await mask.expectDone();
  await mask.button("Fill in the rest").click();
  await expect(mask.root.getByLabel("Masked byte 5")).toHaveValue("58");
  await expect(mask.root).toContainText("5 of 5 right");
});

test("widget: the life of a connection follows a real connection", async ({ lesson }) => {
  const life = lesson.piece("life");
  const now = life.root.getByRole("list", { name: "The life of a connection, compared with a meeting" }).locator("[aria-current]");
  await life.button("Greet").click();
  await expect(life.button("Start over")).toBeFocused();
  await expect(now).toContainText("CONNECTING");
  await expect(now).toContainText("OPEN");
  await life.button("Talk").click();
  await expect(life.root.getByRole("option").filter({ hasText: "How are you?" })).toHaveCount(2);
  await life.button("Say goodbye").click();
  await expect(now).toContainText("CLOSED");
  await life.expectDone();
});

test("widget: an image is sent as a binary message and echoed", async ({ lesson }) => {
  const image = lesson.piece("image");
  await image.root.getByLabel("Choose a file").setInputFiles({ name: "noise.png", mimeType: "image/png", buffer: noise(20, 20) });
  await expect(image.root).toContainText("noise.png");
  await image.button("Send image").click();
  await expect(image.root).toContainText("Opcode 2 binary");
  const bytes = image.root.getByRole("group", { name: "The frame’s first bytes in hex" });
  await expect(bytes.locator(".bytes > *").first()).toHaveText("82");
  const back = image.root.getByRole("img", { name: "The echoed image" });
  await expect.poll(() => back.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(20);
  await image.expectDone();
  await image.root.getByLabel("Choose a file").setInputFiles({ name: "x.txt", mimeType: "text/plain", buffer: Buffer.from("x") });
  await expect(image.root.getByRole("alert").first()).toContainText("x.txt is not a PNG");
});
