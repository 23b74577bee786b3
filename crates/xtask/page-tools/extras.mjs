// What of the page is JavaScript: the editor of the coding challenges, and the document that their code runs in.
//
// assemble.mjs calls this for the release. For quick builds trunk runs it, as Trunk.toml says: node extras.mjs
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** Named here, the folder that has the packages; `cargo xtask` sets it. */
const PACKAGES = process.env.FRAMESCOPE_PAGE_TOOLS;

/** Writes both into `dist`, and gives what index.html must say to find the editor. */
export async function writeExtras(root, dist, packages) {
  const { build } = createRequire(path.join(packages, "package.json"))("esbuild");
  const source = (name) => path.join(root, "frontend/editor", name);
  const bundled = async (name, format) => {
    const { outputFiles } = await build({
      entryPoints: [source(name)],
      nodePaths: [path.join(packages, "node_modules")],
      bundle: true,
      write: false,
      format,
      target: "es2022",
      minify: true,
      legalComments: "none",
    });
    return outputFiles[0];
  };
  const editor = (await bundled("editor.mjs", "esm")).contents;
  const hash = createHash("sha256").update(editor).digest("hex").slice(0, 16);
  writeFileSync(path.join(dist, `editor-${hash}.js`), editor);

  const frame = (await bundled("frame.mjs", "iife")).text;
  writeFileSync(path.join(dist, "sandbox.html"), sandbox(frame, (await bundled("worker.mjs", "iife")).text));
  // Not the file's name: what index.html names belongs to the first view.
  return `<meta name=framescope-editor content=${hash}>`;
}

/** Where the frame has the worker's text. */
const MARKER = "globalThis.FRAMESCOPE_WORKER";

/** The document that a learner's code runs in: the frame's script inside HTML, the worker's text inside that. */
function sandbox(frame, worker) {
  const parts = frame.split(MARKER);
  if (parts.length !== 2) throw new Error(`the bundle of frame.mjs has ${MARKER} ${parts.length - 1} times, and must have it once`);
  // What would end a script of HTML, or begin a comment in it, may not stand there as it is.
  if (/<!--|<script/i.test(frame)) throw new Error("the bundle of frame.mjs has <!-- or <script in it, which HTML reads: write it in two parts");
  const [before, behind] = parts.map((part) => part.replaceAll(/<\/(?=script)/gi, "<\\/"));
  const script = before + JSON.stringify(worker).replaceAll("<", "\\x3c") + behind;
  return `<!doctype html><html lang=en><meta charset=utf-8><title>Sandbox</title><script>${script}</script></html>`;
}

if (process.argv[1] === import.meta.filename) {
  const { TRUNK_SOURCE_DIR: root, TRUNK_STAGING_DIR: dist } = process.env;
  if (PACKAGES === undefined) {
    // The page says that it has no editor, and offers a plain field.
    console.log("The challenges get no editor and no sandbox: build by cargo xtask serve --dev.");
  } else {
    const meta = await writeExtras(root, dist, PACKAGES);
    const index = path.join(dist, "index.html");
    writeFileSync(index, readFileSync(index, "utf8").replace("</head>", `${meta}</head>`));
  }
}
