// Bundle the page and the widget into the Python package where its bundle is stale; --tests bundles
// the tests into out/, --digest prints what the bundle is compared by, also by a test.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const assets = join(here, "..", "src", "superscope", "explorer", "assets");
const common = {
  bundle: true,
  minify: true,
  target: "es2022",
  charset: "utf8",
  logLevel: "warning",
};

/** A worker cannot be loaded from a file on disk: its bundled source travels in the page. */
const workers = {
  name: "workers",
  setup(made) {
    made.onResolve({ filter: /\?source$/ }, (asked) => ({
      path: join(asked.resolveDir, asked.path.replace(/\?source$/, "")),
      namespace: "source",
    }));
    made.onLoad({ filter: /.*/, namespace: "source" }, async (asked) => {
      const bundle = await build({
        ...common,
        entryPoints: [asked.path],
        format: "iife",
        write: false,
      });
      return { contents: bundle.outputFiles[0].text, loader: "text" };
    });
  },
};

/** What the assets are made from. */
async function digest() {
  const names = ["build.mjs", "package.json", "package-lock.json", "tsconfig.json"];
  for (const entry of await readdir(join(here, "src"), { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) names.push(relative(here, join(entry.parentPath, entry.name)));
  }
  const hash = createHash("sha256");
  for (const name of names.map((path) => path.replaceAll("\\", "/")).sort()) {
    const content = await readFile(join(here, name));
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

async function upToDate(digest) {
  const found = await readFile(join(assets, "built-from.txt"), "utf8").catch(() => "");
  return found.trim() === digest;
}

async function buildAssets() {
  const from = await digest();
  if (await upToDate(from)) return;
  const beside = `${assets}.${process.pid}`;
  await mkdir(beside, { recursive: true });
  // Its license asks that it goes with every copy, and a bundler keeps no plain comment.
  const license = await readFile(join(here, "node_modules/uplot/LICENSE"), "utf8");
  const notice = `/*! uPlot\n\n${license.trim()}\n*/`;
  const bundled = { ...common, plugins: [workers], banner: { js: notice } };
  await build({
    ...bundled,
    entryPoints: [join(here, "src/page.ts")],
    format: "iife",
    outfile: join(beside, "explorer.js"),
  });
  await build({
    ...bundled,
    entryPoints: [join(here, "src/widget.ts")],
    format: "esm",
    outfile: join(beside, "widget.js"),
  });
  await build({
    ...common,
    banner: { css: notice },
    entryPoints: [join(here, "src/style.css")],
    outfile: join(beside, "explorer.css"),
  });
  await writeFile(join(beside, "built-from.txt"), `${from}\n`);
  await rm(assets, { recursive: true, force: true });
  await rename(beside, assets);
}

async function buildTests() {
  const names = (await readdir(join(here, "tests"))).filter((name) => name.endsWith(".test.ts"));
  await rm(join(here, "out"), { recursive: true, force: true });
  await build({
    ...common,
    minify: false,
    plugins: [workers],
    entryPoints: names.map((name) => join(here, "tests", name)),
    platform: "node",
    format: "esm",
    outExtension: { ".js": ".mjs" },
    outdir: join(here, "out", "tests"),
  });
}

if (process.argv.includes("--digest")) console.log(await digest());
else if (process.argv.includes("--tests")) await buildTests();
else await buildAssets();
