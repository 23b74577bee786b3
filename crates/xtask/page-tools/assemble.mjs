// Makes the released page: node assemble.mjs ROOT PARTS DIST
//
// ROOT has index.html, which says what the page is made of. PARTS has the wasm that page-split cut, and what wasm-bindgen
// made of its first view. DIST is emptied and then holds the page, as small as it can be made:
//
// - wasm is optimised, and calls its glue by short names
// - the glue is minified, and begins by itself
// - the style sheets become one, and those marked `data-later` another, for the views that are loaded later
//
// Every file but index.html is named by what is in it, since browsers keep them for ever.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { build, transform } from "esbuild";

import { writeExtras } from "./extras.mjs";

const [root, parts, dist] = process.argv.slice(2);
const inParts = (name) => path.join(parts, name);

/** Of WebAssembly only what browsers have switched on: with `--all-features` the page would stay white. */
const FEATURES = [
  "--enable-bulk-memory",
  "--enable-mutable-globals",
  "--enable-multivalue",
  "--enable-nontrapping-float-to-int",
  "--enable-reference-types",
  "--enable-sign-ext",
];
/** Left out is what makes wasm smaller and its brotli larger; like functions beside each other compress better. */
const OPTIMISE = ["-Oz", "--skip-pass=inlining-optimizing", "--skip-pass=local-cse", "--reorder-functions-by-name"];

/** Writes a file named by its content, in the way that the relay knows such names, and gives its address. */
function keep(stem, kind, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  writeFileSync(path.join(dist, `${stem}-${hash}.${kind}`), content);
  return `/${stem}-${hash}.${kind}`;
}

/** Runs a program of binaryen's. What it says about names in wasm is of no use: they go; an error has it all the same. */
function binaryen(program, ...options) {
  return execFileSync(program, options, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
}

function wasmOpt(input, ...options) {
  const output = `${input}.opt`;
  const said = binaryen("wasm-opt", input, ...options, ...FEATURES, "-o", output);
  return { output, said };
}

const importsOf = (file) => WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(file)));

/** Gives the optimised first view with short names, and what each was called before. */
function rename(module) {
  const { output, said } = wasmOpt(module, "--minify-imports-and-exports-and-modules");
  const { imports, exports } = JSON.parse(said);
  const names = Object.fromEntries([...imports.map(([, name, short]) => [name, short]), ...exports]);
  return { content: readFileSync(output), names };
}

/**
 * Makes one module of several, and gives its file. Each of them imports the first view's memory for itself, and wasm-merge
 * would leave it at that; so there is one more, which imports it once and which they have it from.
 */
function merge(files) {
  const imports = new Map();
  for (const file of files) {
    if (importsOf(file).every(({ name }) => imports.has(name))) continue;
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

/** Optimises what is loaded later. Gives the loader of each part with its addresses, and the names of what is imported. */
function keepParts() {
  // The first view calls the loaders by way of the table.
  const imported = new Set(["__indirect_function_table"]);
  const optimise = (stem, file) => {
    for (const { name } of importsOf(file)) imported.add(name);
    return keep(stem, "wasm", readFileSync(wasmOpt(file, ...OPTIMISE).output));
  };
  const parts = Object.entries(JSON.parse(readFileSync(inParts("parts.json"), "utf8")));
  const isOwn = (stem) => stem.startsWith("split_");
  // There is a module for each set of parts that have something in common: many, and most of them tiny.
  const common = [...new Set(parts.flatMap(([, stems]) => stems))].filter((stem) => !isOwn(stem));
  const shared = common.length > 0 && optimise("shared", merge(common.map((stem) => inParts(`${stem}.wasm`))));
  const loaders = parts.map(([part, stems]) => {
    const own = stems.filter(isOwn).map((stem) => optimise(`part-${part.replaceAll("_", "-")}`, inParts(`${stem}.wasm`)));
    // The name is the one that the macro `wasm_split` gives it.
    return [`__wasm_split_load_${part}`, stems.every(isOwn) ? own : [shared, ...own]];
  });
  return { loaders, imported: [...imported] };
}

/** The script that has the glue import the loaders. It stands for the one that page-split wrote, which knows only long names. */
function loaderScript({ loaders, imported }, names) {
  const later = path.join(import.meta.dirname, "later.mjs");
  const shared = imported.map((name) => [name, names[name]]);
  return [
    `import { initSync } from "./page.js";`,
    `import { loader } from ${JSON.stringify(later)};`,
    `const part = loader(initSync, ${JSON.stringify(shared)});`,
    ...loaders.map(([name, addresses]) => `export const ${name} = part(${JSON.stringify(addresses)});`),
  ].join("\n");
}

/** The glue gives each module of imports by its name. Those are all one letter now, so they must be one module. */
function mergeImports(glue, loaders) {
  const names = loaders.map(([name]) => name).join(", ");
  if (!names) return glue;
  const changes = [
    [/^import \* as \w+ from "\.\/__wasm_split\.js";?$/gm, ""],
    [/^ *"\.\/__wasm_split\.js": \w+,$/gm, ""],
    [/"\.\/page_bg\.js": (\w+),/g, `"./page_bg.js": { ...$1, ${names} },`],
  ];
  for (const [from, to] of changes) {
    if (!from.test(glue)) throw new Error(`the glue holds no ${from}: has wasm-bindgen changed?`);
    glue = glue.replaceAll(from, to);
  }
  return `import { ${names} } from "./__wasm_split.js";\n${glue}`;
}

/** What the page does first: it begins, and once it stands it fetches the style sheet of what may be opened next. */
const firstWords = (module) => `
  import init from "./page.js";
  await init({ module_or_path: "${module}" });
  const { content } = document.querySelector("meta[name=framescope-later-style]");
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/later-" + content + ".css" }));
`;

/** The glue with short names, and the call that begins it. */
async function begin(module, names) {
  const exact = Object.keys(names).map((name) => name.replaceAll(/[^\w]/g, "\\$&"));
  const { outputFiles } = await build({
    stdin: { contents: firstWords(module), resolveDir: parts },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    minify: true,
    mangleProps: new RegExp(`^(?:${exact.join("|")})$`),
    mangleQuoted: true,
    mangleCache: names,
  });
  return outputFiles[0].contents;
}

/** index.html without what is for trunk alone; gives too what of that there was, by kind. */
function dissectHtml() {
  const own = { css: [], late: [], icon: [], rust: [] };
  const html = readFileSync(path.join(root, "index.html"), "utf8").replaceAll(/<link data-trunk [^>]*>/g, (link) => {
    const [, kind] = link.match(/ rel="([\w-]+)"/) ?? [];
    const [, file] = link.match(/ href="([^"]+)"/) ?? [];
    if (!own[kind] || !file) throw new Error(`${link} in index.html: the release knows css, icon and rust`);
    own[kind === "css" && link.includes(" data-later") ? "late" : kind].push(path.join(root, file));
    return "";
  });
  return { html: html.replaceAll(/<!--.*?-->/gs, "").replaceAll(/\s*\n\s*/g, ""), own };
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

const firstView = rename(wasmOpt(inParts("page_bg.wasm"), ...OPTIMISE).output);
const module = keep("page", "wasm", firstView.content);
const later = keepParts();
writeFileSync(inParts("__wasm_split.js"), loaderScript(later, firstView.names));
writeFileSync(inParts("page.js"), mergeImports(readFileSync(inParts("page.js"), "utf8"), later.loaders));
const names = { ...firstView.names, "./page_bg.js": "a" };
const script = keep("page", "js", await begin(module, names));

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
  // By its hash alone: a file that index.html names belongs to the first view.
  `<meta name=framescope-later-style content=${lateHash}>`,
  await writeExtras(root, dist, import.meta.dirname),
];
writeFileSync(path.join(dist, "index.html"), html.replace("</head>", `${head.join("")}</head>`));
