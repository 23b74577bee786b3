// Records the samples in golden/: real clients and servers of each protocol talk over loopback, through a recorder.
//
//   npm ci && node record.mjs            all of them
//   node record.mjs socket-io stomp      some
//
// record.py makes the samples of the value formats. The tests of the crate read the files; neither script runs in them.
// Random names and times differ with each run, so look at the changes in golden/*.txt before you commit a new recording
// (UPDATE_GOLDEN=1 cargo test -p decode writes them).
import { readFileSync, mkdirSync } from "node:fs";

const { dependencies } = JSON.parse(readFileSync(new URL("package.json", import.meta.url)));

/** The versions of the packages that spoke. */
export const versions = (...names) => names.map((name) => `${name} ${dependencies[name]}`);

const scenarios = {
  "socket-io": () => import("./recorder/socket-io.mjs"),
  graphql: () => import("./recorder/graphql.mjs"),
  stomp: () => import("./recorder/stomp.mjs"),
  mqtt: () => import("./recorder/mqtt.mjs"),
  wamp: () => import("./recorder/wamp.mjs"),
  signalr: () => import("./recorder/signalr.mjs"),
  phoenix: () => import("./recorder/phoenix.mjs"),
  "action-cable": () => import("./recorder/action-cable.mjs"),
  "json-rpc": () => import("./recorder/json-rpc.mjs"),
  values: () => import("./recorder/values.mjs"),
};

mkdirSync(new URL("golden", import.meta.url), { recursive: true });
const chosen = process.argv.slice(2);
for (const name of chosen.length ? chosen : Object.keys(scenarios)) {
  const { record } = await scenarios[name]();
  await record(versions);
}
// Servers of some packages keep timers that never end.
process.exit(0);
