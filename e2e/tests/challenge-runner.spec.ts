// A learner's code: observed, limited, and isolated from the page.
import { expectAccessible } from "../support/axe.ts";
import { ChallengePage } from "../support/challenge.ts";
import { expect, test as base } from "../support/lab.ts";
import { noise } from "../support/png.ts";

/** Any challenge works here. This one has a limit of a few seconds. */
const ID = "first-echo";
const HELLO = `const socket = new WebSocket(lab.url);
socket.onopen = () => socket.send("hello");
socket.onmessage = () => socket.close();`;

const test = base.extend<{ challenge: ChallengePage }>({
  challenge: async ({ page }, use) => {
    const challenge = new ChallengePage(page);
    await challenge.open(ID);
    await use(challenge);
  },
});

test("a run shows both sides, and a check links to its frame", async ({ challenge, page }) => {
  await challenge.try(HELLO);
  await expect(challenge.passed).toBeVisible();
  const frame = page.getByRole("option", { name: /TEXT hello/ }).first();
  await expect(frame).toHaveAccessibleName(/JavaScript: send\("hello"\)/);
  await challenge.check(1).getByRole("button", { name: "Show the frame" }).click();
  await expect(frame).toHaveAttribute("aria-selected", "true");
  await expect(frame).toBeInViewport();
});

test("an endless loop is stopped by the reader or at the time limit, and the page still works", async ({ challenge, page }) => {
  await challenge.write("while (true) {}");
  await challenge.run.click();
  await challenge.stop.click();
  await expect(challenge.state).toHaveText("Stopped.");

  await challenge.run.click();
  await page.getByRole("button", { name: /^Show hint 1/ }).click();
  await expect(challenge.help.getByRole("listitem")).toHaveCount(1);
  await expect(challenge.state).toHaveText(/^Stopped at the limit of \d+ s\.$/);

  await challenge.try("return 7;");
  await expect(challenge.returned).toHaveText("7");
});

test("an error names the line in the reader’s code", async ({ challenge }) => {
  await challenge.try("const a = 1;\nconst b = ;\n");
  await expect(challenge.console).toContainText("SyntaxError");
  await expect(challenge.state).toHaveText("Failed with an error on line 2.");

  await challenge.try("// first\nawait lab.sleep(1);\nnull.x;\n");
  await expect(challenge.console).toContainText("TypeError");
  await expect(challenge.state).toHaveText("Failed with an error on line 3.");

  await challenge.try("\n\nsetTimeout(() => { throw new RangeError('late'); }, 1);\n");
  await expect(challenge.console).toContainText("RangeError: late");
  await expect(challenge.state).toHaveText("Failed with an error on line 3.");
});

test("output of an endless loop is limited, and the page still works", async ({ challenge }) => {
  await challenge.write("for (let i = 0; ; i += 1) console.log('line', i, 'x'.repeat(5000));");
  await challenge.run.click();
  await expect(challenge.page.getByText(/lines not shown\.$/)).toBeVisible();
  await challenge.stop.click();
  await expect(challenge.state).toHaveText("Stopped.");
  expect(await challenge.console.getByRole("paragraph").count()).toBeLessThanOrEqual(1_000);
});

test("endless errors and endless notes about unrecorded events are limited too", async ({ challenge }) => {
  await challenge.write(`for (;;) dispatchEvent(new ErrorEvent("error", { message: "x".repeat(2000) }));`);
  await challenge.run.click();
  await expect(challenge.page.getByText(/lines not shown\.$/)).toBeVisible();
  await challenge.stop.click();
  await expect(challenge.state).toHaveText("Stopped.");
  expect(await challenge.console.getByRole("paragraph").count()).toBeLessThanOrEqual(1_000);

  // Code that forges messages of the worker, past the worker’s own limits.
  await challenge.write(`const forged = Array(1000).fill('"unnoted"').join(); Array.prototype.join = () => forged; for (;;) console.log("a");`);
  await challenge.run.click();
  await expect(challenge.page.getByText(/lines not shown\.$/)).toBeVisible();
  await challenge.stop.click();
  expect(await challenge.console.getByRole("paragraph").count()).toBeLessThanOrEqual(1_000);
});

test("the console follows new lines unless the reader has scrolled up", async ({ challenge, page }) => {
  // Tall enough to show the whole console.
  await page.setViewportSize({ width: 1280, height: 1400 });
  await challenge.try(`for (let i = 1; i <= 100; i += 1) console.log("line", i);`);
  await expect(challenge.console.getByText("line 100")).toBeInViewport();

  await challenge.write(`for (let i = 1; ; i += 1) { console.log("line", i); await lab.sleep(50); }`);
  await challenge.run.click();
  await expect(challenge.console.getByText("line 20")).toBeAttached();
  await challenge.console.evaluate((console) => console.scrollTo(0, 0));
  const top = challenge.console.getByText("line 1", { exact: true });
  await expect(top).toBeInViewport();
  await expect(challenge.console.getByText("line 60")).toBeAttached();
  await expect(top).toBeInViewport();
  await challenge.stop.click();
});

test("a double click on Run starts the run", async ({ challenge }) => {
  await challenge.write("await lab.sleep(60_000);");
  await challenge.run.dblclick();
  await expect(challenge.state).toHaveText(/^Running/);
  await challenge.stop.click();
  await expect(challenge.state).toHaveText("Stopped.");
});

test("a sandbox that fails to load is reported, and the code can run again", async ({ challenge, page, complaints }) => {
  complaints.expect(/Failed to load resource/);
  await page.route("**/sandbox?*", (route) => route.abort());
  await challenge.write("return 1;");
  await challenge.run.click();
  await expect(challenge.console).toContainText("did not load, so nothing ran");
  await expect(challenge.state).toHaveText("Stopped.");
  await page.unroute("**/sandbox?*");
  await challenge.runToEnd();
  await expect(challenge.returned).toHaveText("1");
});

test("the figures of a pass are shown as they are stored, including the close frame", async ({ challenge, page }) => {
  await challenge.try(HELLO);
  await expect(challenge.passed).toContainText("It took 1 connection, 2 frames and 17 bytes from the client.");
  await page.goto("/course");
  await expect(page.getByRole("listitem").filter({ hasText: "The first echo" })).toContainText("passed, with 17 B in 2 frames");
});

test("the code cannot reach the page", async ({ challenge, page }) => {
  await page.evaluate(() => localStorage.setItem("secret", "of the page"));
  await challenge.try(`const tried = {};
    for (const name of ["document", "window", "parent", "top", "localStorage", "sessionStorage", "postMessage"]) tried[name] = typeof globalThis[name];
    tried.origin = self.origin;
    const reach = async (what) => { try { await what(); return "reached"; } catch (error) { return error.name; } };
    tried.fetch = await reach(() => fetch(new URL("/api/course", lab.url.replace("ws", "http"))));
    tried.database = await reach(() => new Promise((resolve, reject) => {
      const opening = indexedDB.open("x");
      opening.onsuccess = resolve;
      opening.onerror = () => reject(opening.error);
    }));
    tried.eval = await reach(() => (0, eval)("1"));
    return tried;`);
  const returned = JSON.parse(await challenge.returned.innerText()) as Record<string, string>;
  for (const name of ["document", "window", "parent", "top", "localStorage", "sessionStorage", "postMessage"]) {
    expect(returned[name], name).toBe("undefined");
  }
  expect(returned.origin).toBe("null");
  for (const way of ["fetch", "database", "eval"]) expect(returned[way], way).not.toBe("reached");
  // The run has removed its frame.
  const frame = page.frames().find((frame) => frame.url().includes("/sandbox?"));
  expect(frame, "the frame goes with the run").toBeUndefined();
});

test("the frame that the code runs in cannot reach the page either", async ({ challenge, page }) => {
  await challenge.write("await lab.sleep(60000);");
  await challenge.run.click();
  await expect.poll(() => page.frames().some((frame) => frame.url().includes("/sandbox?"))).toBe(true);
  const frame = page.frames().find((frame) => frame.url().includes("/sandbox?"));
  const reached = await frame!.evaluate(() => {
    const reach = (what: () => unknown) => {
      try {
        return String(what());
      } catch (error) {
        return (error as Error).name;
      }
    };
    return [reach(() => parent.document.title), reach(() => localStorage.length), reach(() => document.cookie), self.origin];
  });
  expect(reached).toEqual(["SecurityError", "SecurityError", "SecurityError", "null"]);
  await challenge.stop.click();
});

test("the code can connect to the lab only", async ({ challenge, relay, complaints }) => {
  complaints.expect(/Content Security Policy/, /violates/);
  const url = new URL(await challenge.labUrl());
  const observe = `${url.origin}/api/sessions/${url.pathname.split("/").at(-1)}/observe`;
  for (const other of [`${url.origin}/echo`, observe, "ws://another-host.invalid/lab/x"]) {
    await challenge.try(`const socket = new WebSocket(${JSON.stringify(other)});
      return (await new Promise((resolve) => (socket.onclose = socket.onopen = resolve))).type;`);
    await expect(challenge.console).toContainText("your code can connect only to the lab");
  }
  await challenge.try(HELLO);
  await expect(challenge.passed).toBeVisible();
});

test("WebSocket is the browser’s own for the code", async ({ challenge }) => {
  await challenge.try(`const socket = new WebSocket(lab.url);
    const heard = [];
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => heard.push("listener"));
    await new Promise((resolve) => (socket.onopen = resolve));
    socket.send(new Uint8Array([1, 2, 3]));
    const { data } = await new Promise((resolve) => (socket.onmessage = resolve));
    socket.close(4001, "done");
    const { code, reason, wasClean } = await new Promise((resolve) => (socket.onclose = resolve));
    let thrown;
    try { new WebSocket("nonsense:"); } catch (error) { thrown = error.name; }
    return [socket instanceof WebSocket, socket.constructor === WebSocket, WebSocket.name, WebSocket.OPEN, socket.CLOSED,
      data instanceof ArrayBuffer, data.byteLength, heard, code, reason, wasClean, thrown];`);
  expect(JSON.parse(await challenge.returned.innerText())).toEqual([
    true, true, "WebSocket", 1, 3, true, 3, ["listener"], 4001, "", true, "SyntaxError",
  ]);
});

test("lab.show displays an image, and refuses other data", async ({ challenge }) => {
  const bytes = [...noise(20, 10)];
  await challenge.try(`await lab.show(new Uint8Array(${JSON.stringify(bytes)})); await lab.show(new Blob(["no image"]));`);
  await expect(challenge.images).toHaveCount(1);
  await expect(challenge.page.getByText(/image\/png, 20 × 10/)).toBeVisible();
  await expect(challenge.console).toContainText("not a PNG, JPEG, GIF or WebP");
});

test("code and session survive a reload, and the starter code can be restored", async ({ challenge, page }) => {
  await challenge.try(HELLO);
  await expect(challenge.passed).toBeVisible();
  const url = await challenge.labUrl();
  await page.reload();
  await expect(challenge.editor).toContainText('socket.send("hello")');
  expect(await challenge.labUrl()).toBe(url);
  await page.getByRole("button", { name: "Reset code" }).click();
  await expect(challenge.editor).toContainText("TODO");
  await page.goto("/challenges");
  await expect(page.getByRole("link", { name: /The first echo.* · passed/ })).toBeVisible();
});

test("the code can be run, and the editor left, by keyboard", async ({ challenge, page }) => {
  await challenge.write("return 1;");
  await page.keyboard.press("Control+Enter");
  await expect(challenge.returned).toHaveText("1");
  await expect(challenge.editor).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(challenge.editor).toBeFocused();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  await expect(challenge.run).toBeFocused();
});

test("if the editor fails to load, there is a plain text field", async ({ page, complaints }) => {
  complaints.expect(/Failed to load resource/);
  await page.route(/\/editor-\w+\.js$/, (route) => route.abort());
  const challenge = new ChallengePage(page);
  await challenge.open(ID);
  await expect(page.getByText(/The editor failed to load/)).toBeVisible();
  await challenge.editor.fill("return 2;");
  await challenge.run.click();
  await expect(challenge.returned).toHaveText("2");
  // A field set by script has no undo.
  await page.getByRole("button", { name: "Reset code" }).click();
  await expect(challenge.editor).toHaveValue(/TODO/);
  await page.getByRole("button", { name: "Restore my code" }).click();
  await expect(challenge.editor).toHaveValue("return 2;");
});

test("the solution needs confirmation before the challenge is passed", async ({ challenge }) => {
  await challenge.help.getByRole("button", { name: "Show the solution" }).click();
  await challenge.help.getByRole("button", { name: "Show it anyway" }).click();
  await challenge.help.getByRole("button", { name: "Copy to the editor" }).click();
  await challenge.run.click();
  await expect(challenge.passed).toBeVisible();
});

for (const width of [1440, 360]) {
  for (const colorScheme of ["light", "dark"] as const) {
    test.describe(`${width} px wide, ${colorScheme}`, () => {
      // Elements that are still fading in have less contrast.
      test.use({ viewport: { width, height: 860 }, colorScheme, contextOptions: { reducedMotion: "reduce" } });
      test("axe finds nothing", async ({ challenge, page }) => {
        await expectAccessible(page, { rules: "all" });
        await challenge.try(`console.warn("careful"); ${HELLO} await lab.sleep(100); throw new Error("at the end");`);
        await challenge.expectMet(0);
        await expectAccessible(page, { rules: "all" });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        await page.goto("/challenges");
        await expect(page.getByRole("link", { name: /The first echo/ })).toBeVisible();
        await expectAccessible(page, { rules: "all" });
      });
    });
  }
}
