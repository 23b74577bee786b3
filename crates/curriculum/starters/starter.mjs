// Node 22 or newer: node starter.mjs
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const lab = {
  url: {{lab.url}},
  given: {{lab.given}},
  sleep,
  sha1: (data) => createHash("sha1").update(data).digest(),
};

async function main() {
{{lab.starter}}
}

await main();
