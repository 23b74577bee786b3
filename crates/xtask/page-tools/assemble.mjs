// Assembles the released page: node assemble.mjs ROOT PARTS DIST
//
// ROOT has index.html, which lists the parts of the page. PARTS has the wasm modules from page-split, and the output of
// wasm-bindgen for the first view. The script empties DIST and writes the page to it:
//
// - wasm-opt makes each module smaller
// - esbuild minifies the glue and makes it start the page
// - the style sheets become two: the ones marked `data-later` load after the first view
//
// Browsers cache every file but index.html without asking again, so the name of each one has a hash of its content.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

import { packages, writeExtras } from "./extras.mjs";

const { build, transform } = createRequire(path.join(packages, "package.json"))("esbuild");

const [root, parts, dist] = process.argv.slice(2);
const inParts = (name) => path.join(parts, name);

/** The features of WebAssembly that all supported browsers have. With `--all-features`, the page would stay blank. */
const FEATURES = [
  "--enable-bulk-memory",
  "--enable-mutable-globals",
  "--enable-multivalue",
  "--enable-nontrapping-float-to-int",
  "--enable-reference-types",
  "--enable-sign-ext",
];

/** Writes a file with the hash of its content in its name, and returns its address. */
function keep(stem, kind, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  writeFileSync(path.join(dist, `${stem}-${hash}.${kind}`), content);
  return `/${stem}-${hash}.${kind}`;
}

/** Runs a program of binaryen, and shows its messages only if it fails. */
function binaryen(program, ...options) {
  return execFileSync(program, options, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
}

/** Optimizes a module, writes it as `stem`, and returns its address. */
function optimize(stem, file) {
  const output = `${file}.opt`;
  binaryen("wasm-opt", file, "-Oz", ...FEATURES, "-o", output);
  return keep(stem, "wasm", readFileSync(output));
}

/**
 * Merges several modules into one file. Each of them imports the first view's memory and table, and wasm-merge keeps every
 * import. So one more module, the hub, imports these once, and the others import them from the hub.
 */
function merge(files) {
  const imports = new Map();
  for (const file of files) {
    const names = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(file))).map(({ name }) => name);
    if (names.every((name) => imports.has(name))) continue;
    const lines = binaryen("wasm-dis", file).matchAll(/\(import "__wasm_split" "([^"]+)" \((\w+) \S+ (.*)\)\)$/gm);
    for (const [, name, kind, type] of lines) imports.set(name, { kind, type });
  }
  const hub = [...imports].map(
    ([name, { kind, type }]) => `(import "first_view" "${name}" (${kind} $${name} ${type})) (export "${name}" (${kind} $${name}))`,
  );
  writeFileSync(inParts("hub.wat"), `(module ${hub.join("\n")})`);
  binaryen("wasm-as", inParts("hub.wat"), ...FEATURES, "-o", inParts("hub.wasm"));
  const named = files.flatMap((file, index) => [file, `${index}`]);
  const merged = inParts("shared.wasm");
  binaryen("wasm-merge", inParts("hub.wasm"), "__wasm_split", ...named, ...FEATURES, "-o", merged);
  return merged;
}

/** Writes the modules that load later. Returns the name of each part's loader with the addresses of its modules. */
function keepParts() {
  const parts = Object.entries(JSON.parse(readFileSync(inParts("parts.json"), "utf8")));
  const isOwn = (stem) => stem.startsWith("split_");
  // page-split makes a module for each set of parts with common code. Merged, a part is two requests instead of dozens.
  const common = [...new Set(parts.flatMap(([, stems]) => stems))].filter((stem) => !isOwn(stem));
  const shared = common.length > 0 && optimize("shared", merge(common.map((stem) => inParts(`${stem}.wasm`))));
  return parts.map(([part, stems]) => {
    const own = stems.filter(isOwn).map((stem) => optimize(`part-${part.replaceAll("_", "-")}`, inParts(`${stem}.wasm`)));
    // The macro `wasm_split` gives the loader this name.
    return [`__wasm_split_load_${part}`, stems.every(isOwn) ? own : [shared, ...own]];
  });
}

/** The script from which the glue imports the loaders. It replaces page-split's, which has the addresses of unmerged modules. */
function loaderScript(loaders) {
  return [
    `import { initSync } from "./page.js";`,
    `import { loader } from ${JSON.stringify(path.join(import.meta.dirname, "later.mjs"))};`,
    ...loaders.map(([name, addresses]) => `export const ${name} = loader(initSync, ${JSON.stringify(addresses)});`),
  ].join("\n");
}

/**
 * Starts the page. Then loads the style sheet of the views that may be opened next. All files are beside the script, whatever the
 * path of the site is.
 */
const start = (module) => `
  import init from "./page.js";
  const beside = (address) => new URL("." + address, import.meta.url);
  await init({ module_or_path: beside("${module}") });
  const { content } = document.querySelector("meta[name=framescope-later-style]");
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: beside("/later-" + content + ".css") }));
`;

/** The page's script: the glue, the loaders, and the call that starts the page. */
async function bundle(module) {
  const { outputFiles } = await build({
    stdin: { contents: start(module), resolveDir: parts },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    minify: true,
    // The glue lists the script of the loaders once for each loader.
    logOverride: { "duplicate-object-key": "silent" },
  });
  return outputFiles[0].contents;
}

/** Returns index.html without the elements for trunk, and the files that these name, by kind. */
function dissectHtml() {
  const own = { css: [], late: [], icon: [], rust: [] };
  const html = readFileSync(path.join(root, "index.html"), "utf8").replaceAll(/<link data-trunk [^>]*>/g, (link) => {
    const [, kind] = link.match(/ rel="([\w-]+)"/) ?? [];
    const [, file] = link.match(/ href="([^"]+)"/) ?? [];
    if (!own[kind] || !file) throw new Error(`index.html has ${link}, but assemble.mjs supports only css, icon and rust`);
    own[kind === "css" && link.includes(" data-later") ? "late" : kind].push(path.join(root, file));
    return "";
  });
  return { html: html.replaceAll(/<!--.*?-->/gs, "").replaceAll(/\s*\n\s*/g, ""), own };
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

const module = optimize("page", inParts("page_bg.wasm"));
writeFileSync(inParts("__wasm_split.js"), loaderScript(keepParts()));
const script = keep("page", "js", await bundle(module));

const { html, own } = dissectHtml();
async function keepSheet(stem, files) {
  const all = files.map((file) => readFileSync(file, "utf8")).join("\n");
  const { code } = await transform(all, { loader: "css", minify: true, target: "esnext" });
  return keep(stem, "css", code);
}
const sheet = await keepSheet("page", own.css);
const [, lateHash] = (await keepSheet("later", own.late)).match(/-(\w+)\.css$/);
const icons = own.icon.map((file) => keep("icon", path.extname(file).slice(1), readFileSync(file)));

const head = [
  ...icons.map((icon) => `<link rel=icon href=${icon}>`),
  `<link rel=stylesheet href=${sheet}>`,
  `<link rel=preload as=fetch crossorigin type=application/wasm href=${module}>`,
  `<script type=module src=${script}></script>`,
  // Only the hash: a file that index.html names counts as part of the first view.
  `<meta name=framescope-later-style content=${lateHash}>`,
  await writeExtras(root, dist),
];
writeFileSync(path.join(dist, "index.html"), html.replace("</head>", `${head.join("")}</head>`));
