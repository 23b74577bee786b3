// Makes the page that trunk left in a folder smaller, and changes nothing about what it does.
//
// - wasm and its glue call each other by long names with hashes in them: both get short ones
// - the glue is minified, and begins by itself
// - the style sheets become one
//
// Every file is named by what is in it now, since browsers keep them for ever.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { build, transform } from "esbuild";

const folder = process.argv[2];
const inFolder = (name) => path.join(folder, name);
const read = (name) => readFileSync(inFolder(name), "utf8");
const only = (found, what) => {
  if (found.length !== 1) throw new Error(`${folder} holds ${found.length} ${what}, and not one: has trunk changed?`);
  return found[0];
};

const present = readdirSync(folder);
const wasm = only(present.filter((name) => name.endsWith(".wasm")), "modules of wasm");
const glue = only(present.filter((name) => name.endsWith(".js")), "scripts");
let html = read("index.html");
const sheets = [...html.matchAll(/<link [^>]*href="?\/([\w.-]+\.css)/g)].map(([, name]) => name);

/** Writes a file named by its content, in the way that the relay knows such names, and gives its address. */
function keep(stem, kind, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  writeFileSync(inFolder(`${stem}-${hash}.${kind}`), content);
  return `/${stem}-${hash}.${kind}`;
}

/** Gives the wasm with short names, and what each was called before. */
function rename() {
  const renamed = inFolder("renamed.wasm");
  const said = execFileSync("wasm-opt", [inFolder(wasm), "--minify-imports-and-exports-and-modules", "-o", renamed]);
  const { imports, exports } = JSON.parse(said.toString());
  const names = Object.fromEntries([...imports.map(([, name, short]) => [name, short]), ...exports]);
  // The one module that all imports are from becomes the first letter.
  names[only([...new Set(imports.map(([module]) => module))], "modules of imports")] = "a";
  const content = readFileSync(renamed);
  rmSync(renamed);
  return { content, names };
}

/** The glue with those names, and the call that begins it. */
async function begin(module, names) {
  const exact = Object.keys(names).map((name) => name.replaceAll(/[^\w]/g, "\\$&"));
  const { outputFiles } = await build({
    stdin: { contents: `import init from "./${glue}"; init({ module_or_path: "${module}" });`, resolveDir: folder },
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

const { content, names } = rename();
const module = keep("page", "wasm", content);
const script = keep("page", "js", await begin(module, names));
const all = sheets.map(read).join("\n");
const { code } = await transform(all, { loader: "css", minify: true, target: "esnext" });
const sheet = keep("page", "css", code);

const head = [
  `<link rel=stylesheet href=${sheet}>`,
  `<link rel=preload as=fetch crossorigin type=application/wasm href=${module}>`,
  `<script type=module src=${script}></script>`,
];
// What trunk wrote there of its own leads to the files that go.
const own = /<script type="?module"?>.*?<\/script>|<link (?=[^>]*rel="?(?:stylesheet|modulepreload|preload)\b)[^>]*>/gs;
html = html.replaceAll(own, "").replace("</head>", `${head.join("")}</head>`);
const left = [wasm, glue, ...sheets].filter((name) => html.includes(name));
if (left.length > 0 || !html.includes(script)) throw new Error(`index.html still names ${left}: has trunk changed?`);
writeFileSync(inFolder("index.html"), html);
for (const name of [wasm, glue, ...sheets]) rmSync(inFolder(name));
