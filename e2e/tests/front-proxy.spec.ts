// A proxy in front of the relay that ends TLS: what the page can prove, and what it must not say.
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import path from "node:path";
import { createServer } from "node:tls";

import { expect, test } from "../support/lab.ts";

// The certificate is the relay's own.
test.use({ ignoreHTTPSErrors: true });

test("TLS that a proxy ended is not called readable by all", async ({ lab, startRelay }, testInfo) => {
  const folder = testInfo.outputPath("identity");
  // Only for the certificate.
  await startRelay("--tls-listen", "127.0.0.1:0", "--tls-self-signed", folder);
  const [cert, key] = ["cert.pem", "key.pem"].map((name) => readFileSync(path.join(folder, name)));
  let behind: URL | undefined;
  // It forwards what it decrypts, and adds nothing, so only the page knows of it.
  const proxy = createServer({ cert, key, ALPNProtocols: ["http/1.1"] }, (client) => {
    const server = connect(Number(behind!.port), behind!.hostname);
    client.on("error", () => server.destroy());
    server.on("error", () => client.destroy());
    client.pipe(server).pipe(client);
  });
  proxy.on("tlsClientError", () => {});
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const port = (proxy.address() as AddressInfo).port;
  behind = new URL((await startRelay("--public-url", `https://localhost:${port}`)).url);
  try {
    await lab.open(`https://localhost:${port}`);
    await lab.connect();
    await lab.sendText("through the proxy");
    await expect(lab.row(/^From the relay: TEXT through the proxy/)).toBeVisible();

    const inspector = await lab.inspect(1);
    await expect(inspector.root.getByRole("list", { name: "What the proxy added or changed" })).toContainText("TLS ended before the relay certain");
    await inspector.turnTo("On the path");
    await expect(inspector.root).toContainText("TLS ended before the relay");
    await expect(inspector.root).toContainText("Only between the proxy and the relay");
    await expect(inspector.root).not.toContainText("Not encrypted");

    await lab.route.open();
    await expect(lab.route.sheet).toContainText("its requests reach the relay without TLS");
    await expect(lab.route.sheet).toContainText("has not named this proxy as trusted");
    // The relay's own ports are behind the proxy.
    await expect(lab.route.offer("Encryption", "ws")).toBeDisabled();
    await expect(lab.route.offer("Encryption", "wss")).toContainText(`port ${port}`);
    await lab.route.done();
    await lab.close("1000");
  } finally {
    proxy.close();
  }
});
