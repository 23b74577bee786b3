// The tools for a recorded connection: played again, made a server, compared with another one.
import { once } from "node:events";
import { type AddressInfo } from "node:net";

import { expect, type Locator, type Page } from "@playwright/test";
import { WebSocketServer } from "ws";

import { test as base } from "./lab.ts";

/** A dialog that was opened from the inspector. */
export class Tool {
  readonly root: Locator;

  constructor(
    private readonly page: Page,
    name: "Replay" | "Make a server" | "Compare",
  ) {
    this.root = page.getByRole("dialog", { name });
  }

  async open(button: "Replay…" | "Make a server…" | "Compare…"): Promise<void> {
    await this.page.getByRole("complementary", { name: "Inspector" }).getByRole("button", { name: button }).click();
    await expect(this.root.getByRole("heading", { level: 2 })).toBeVisible();
  }

  async close(): Promise<void> {
    await this.root.getByRole("button", { name: "Close this panel" }).click();
    await expect(this.root).toBeHidden();
  }

  button(name: string): Locator {
    return this.root.getByRole("button", { name, exact: true });
  }

  /** Waits until the rows are these: who said it, whether it differs, and what both said. */
  async expectRows(...rows: string[]): Promise<void> {
    const cells = () =>
      this.root.locator(".pairs tbody tr").evaluateAll((all) =>
        all.map((row) => {
          const [from, verdict, ...pairs] = [...row.querySelectorAll("th > *, td")].map((cell) => cell.textContent);
          return [`${from} ${verdict}`, ...pairs].join(" | ").replaceAll(/\s+/g, " ").trim();
        }),
      );
    await expect.poll(cells).toEqual(rows);
  }
}

/** A server written with Node's `ws`: it greets, and counts the prices that it is asked for. */
export class PriceServer {
  private price = 12;

  private constructor(private readonly server: WebSocketServer) {}

  static async start(): Promise<PriceServer> {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    const prices = new PriceServer(server);
    server.on("connection", (socket) => {
      socket.send("welcome");
      socket.on("message", (data, binary) => {
        if (binary) socket.send(data, { binary });
        else socket.send(data.toString() === "price" ? JSON.stringify({ type: "price", price: ++prices.price }) : `no ${data}`);
      });
    });
    await once(server, "listening");
    return prices;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const client of this.server.clients) client.terminate();
    const closed = once(this.server, "close");
    this.server.close();
    await closed;
  }
}

/** With a {@link PriceServer} for each test that asks for one. */
export const test = base.extend<{ prices: PriceServer }>({
  prices: async ({}, use) => {
    const server = await PriceServer.start();
    await use(server);
    await server.stop();
  },
});
