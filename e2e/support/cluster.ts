// Two relays that share their sessions through Redis, behind nginx, which gives them requests in turn.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { expect, test as base } from "./course.ts";
import { freeAddress, Program, type Address } from "./program.ts";
import { Relay } from "./relay.ts";

const REDIS = process.env.FRAMESCOPE_REDIS_SERVER;
const NGINX = process.env.FRAMESCOPE_NGINX;
const CONFIGURATION = path.resolve(import.meta.dirname, "../../deploy/nginx/cluster.conf");

/** How long the relays give one of them until it is lost. A slow machine must not reach it. */
const LEASE = "6s";

export class Cluster {
  private constructor(
    readonly relays: readonly [Member, Member],
    readonly redis: Program,
    private readonly nginx: Program,
  ) {}

  static async start(): Promise<Cluster> {
    const redis = new Program(REDIS!, await freeAddress(), () => [
      ...["--bind", redis.address.host, "--port", String(redis.address.port), "--save", "", "--protected-mode", "no"],
    ]);
    await redis.start();
    const front = await freeAddress();
    const key = path.join(redis.folder, "receipts.pem");
    const members = [await Member.start(redis.address, key, front), await Member.start(redis.address, key, front)] as const;
    const nginx = new Program(NGINX!, front, (folder) => {
      writeFileSync(path.join(folder, "nginx.conf"), configuration(front, members));
      return ["-p", folder, "-c", "nginx.conf", "-e", "stderr"];
    });
    await nginx.start();
    return new Cluster(members, redis, nginx);
  }

  /** Where visitors reach it: `http://127.79.0.1:40123`. */
  get url(): string {
    return `http://${this.nginx.address.host}:${this.nginx.address.port}`;
  }

  /** The member that has the only lab connection. */
  async withConnection(): Promise<Member> {
    const counts = await Promise.all(this.relays.map((relay) => relay.labConnections()));
    expect(counts.toSorted()).toEqual([0, 1]);
    return this.relays[counts.indexOf(1)]!;
  }

  async end(): Promise<void> {
    await this.nginx.end();
    await Promise.all(this.relays.map(({ relay }) => relay.stop()));
    await this.redis.end();
  }
}

/** One of the relays. */
export class Member {
  private constructor(
    readonly relay: Relay,
    private readonly admin: Address,
  ) {}

  static async start(redis: Address, key: string, front: Address): Promise<Member> {
    const admin = await freeAddress();
    const relay = await Relay.start(
      ...["--redis", `redis://${redis.host}:${redis.port}`, "--redis-lease", LEASE, "--receipt-key", key],
      ...["--public-url", `http://${front.host}:${front.port}`, "--trusted-proxy", "127.0.0.1"],
      ...["--admin-listen", `${admin.host}:${admin.port}`],
    );
    return new Member(relay, admin);
  }

  /** How many connections to the lab it has now. */
  async labConnections(): Promise<number> {
    const answer = await fetch(`http://${this.admin.host}:${this.admin.port}/metrics`);
    const count = /^framescope_websockets\{path="lab"\} (\d+)$/m.exec(await answer.text())?.[1];
    return Number(count ?? 0);
  }
}

/** The file in deploy/, without TLS, at these addresses. */
function configuration(front: Address, members: readonly Member[]): string {
  const [first, second] = members.map(({ relay }) => new URL(relay.url).host);
  const changes: [string | RegExp, string][] = [
    ["listen 443 ssl http2;", `listen ${front.host}:${front.port};`],
    ["    listen [::]:443 ssl http2;\n", ""],
    [/^ +ssl_certificate.*\n/gm, ""],
    ["server 10.0.0.11:8080", `server ${first}`],
    ["server 10.0.0.12:8080", `server ${second}`],
  ];
  let text = readFileSync(CONFIGURATION, "utf8");
  for (const [from, to] of changes) {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`${CONFIGURATION} does not contain ${from}`);
    text = changed;
  }
  const main = "daemon off;\nmaster_process off;\nerror_log stderr warn;\npid nginx.pid;\nevents {}\n";
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};\n`);
  return `${main}http {\naccess_log off;\n${paths.join("")}${text}}\n`;
}

/** `cluster` ends with its test, after the pages. */
export const test = base.extend<{ cluster: Cluster }>({
  cluster: async ({ context }, use) => {
    base.skip(REDIS === undefined || NGINX === undefined, "needs redis-server and nginx, which `cargo xtask test e2e` gets from Debian");
    const cluster = await Cluster.start();
    await use(cluster);
    await Promise.all(context.pages().map((page) => page.close()));
    await cluster.end();
  },
});

export { expect };
