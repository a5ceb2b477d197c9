// Bundles what browsers need into static/built/, and writes manifest.json there: each name with the hash
// of its content, so that a page can ask for exactly this version and caches may keep it for ever.
// Nothing is fetched: everything comes from node_modules, as package-lock.json has it.

import { build } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { drawn } from "./maps.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, "static", "built");
const draft = `${built}.draft`;

// Ready-made scripts are only put together, never rewritten.
const readyMade = {
  "htmx.js": ["htmx.org/dist/htmx.min.js"],
  "bpmn-viewer.js": ["bpmn-js/dist/bpmn-navigated-viewer.production.min.js"],
};

// The ready-made viewer of decisions holds the development build of its renderer: it is bundled anew.
const modules = {
  "dmn-viewer.js": `import Viewer from "dmn-js/lib/NavigatedViewer.js"; globalThis.DmnJS = Viewer;`,
};

const styles = {
  "bpmn-viewer.css": [
    "bpmn-js/dist/assets/diagram-js.css",
    "bpmn-js/dist/assets/bpmn-js.css",
    "bpmn-js/dist/assets/bpmn-font/css/bpmn.css",
  ],
  "dmn-viewer.css": [
    "dmn-js/dist/assets/diagram-js.css",
    "dmn-js/dist/assets/dmn-js-shared.css",
    "dmn-js/dist/assets/dmn-js-drd.css",
    "dmn-js/dist/assets/dmn-js-decision-table.css",
    "dmn-js/dist/assets/dmn-js-literal-expression.css",
    "dmn-js/dist/assets/dmn-js-boxed-expression.css",
    "dmn-js/dist/assets/dmn-font/css/dmn.css",
  ],
};

const fonts = { ".woff2": "file", ".woff": "file", ".ttf": "file", ".svg": "file", ".eot": "file" };

const imported = (path) => `@import "${path}";`;

async function putTogether(name, parts) {
  const texts = await Promise.all(parts.map((part) => readFile(join(here, "node_modules", part), "utf8")));
  const withoutMaps = texts.map((text) => text.replace(/^\/\/# sourceMappingURL=.*$/gm, ""));
  await writeFile(join(draft, name), withoutMaps.join("\n;\n"));
}

async function bundle(name, contents, loader) {
  await build({
    stdin: { contents, loader, resolveDir: here },
    outfile: join(draft, name),
    bundle: true,
    minify: true,
    format: loader === "js" ? "iife" : undefined,
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "inline",
    target: ["es2022", "chrome111", "firefox113", "safari16.4"],
    loader: fonts,
    assetNames: "[name]-[hash]",
    logLevel: "warning",
  });
}

// Our own files of a folder, in the order of their names, as one.
async function bundleOwn(name, folder, extension, line) {
  const all = existsSync(join(here, folder)) ? await readdir(join(here, folder)) : [];
  const own = all.filter((file) => file.endsWith(extension)).sort();
  await bundle(name, own.map((file) => line(`./${folder}/${file}`)).join("\n"), extension.slice(1));
}

async function writeMap() {
  const files = await drawn(join(here, "node_modules"));
  await Promise.all(files.map(([name, content]) => writeFile(join(draft, name), content)));
}

async function writeManifest() {
  const hashes = {};
  for (const name of (await readdir(draft)).sort()) {
    hashes[name] = createHash("sha256").update(await readFile(join(draft, name))).digest("hex").slice(0, 16);
  }
  await writeFile(join(draft, "manifest.json"), `${JSON.stringify(hashes, null, 2)}\n`);
}

await rm(draft, { recursive: true, force: true });
await mkdir(draft, { recursive: true });
await Promise.all([
  ...Object.entries(readyMade).map(([name, parts]) => putTogether(name, parts)),
  ...Object.entries(modules).map(([name, contents]) => bundle(name, contents, "js")),
  ...Object.entries(styles).map(([name, parts]) => bundle(name, parts.map(imported).join("\n"), "css")),
  bundleOwn("app.js", "scripts", ".js", (path) => `import "${path}";`),
  bundleOwn("app.css", "styles", ".css", imported),
  writeMap(),
]);
await writeManifest();
await rm(built, { recursive: true, force: true }); // a page asked for during the next line misses one style
await rename(draft, built);
