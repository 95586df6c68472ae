import { build } from "esbuild";
import { chromium } from "playwright-core";

const QUIET = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser that may run as root, as it does in a container. */
export function launch(executablePath) {
  return chromium.launch({ executablePath, headless: true, chromiumSandbox: false, args: QUIET });
}

/** One script for a page, React and all. */
export async function bundle(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "iife",
    jsx: "automatic",
    preserveSymlinks: true, // the client is linked, and finds React where it is linked to
    define: { "process.env.NODE_ENV": '"development"' },
    logLevel: "warning",
  });
  return outputFiles[0].text;
}

/**
 * A page of the chat server's own origin, with this script in it. It starts as a page that the server really has: one
 * that is made up counts as from another network, and may not talk to this one.
 */
export async function open(context, origin, script, parameters = {}) {
  const page = await context.newPage();
  page.errors = [];
  page.on("pageerror", (error) => page.errors.push(error.stack));
  page.on("console", (line) => {
    const isOurs = line.type() === "error" && !line.location().url.endsWith("/favicon.ico");
    if (isOurs) page.errors.push(line.text());
  });
  await page.goto(`${origin}/healthz#${new URLSearchParams(parameters)}`);
  await page.addScriptTag(script);
  return page;
}

/** Plays a scenario and ends the program; where it fails, what the pages show and said is told too. */
export async function play(browser, pages, scenario) {
  let code = 0;
  try {
    await scenario();
  } catch (error) {
    code = 1;
    console.error(error);
    for (const page of pages) console.error(page.url(), await page.locator("body").innerText(), page.errors);
  }
  await browser.close();
  process.exit(code); // whoever started us still holds our standard input, which would keep Node waiting
}

/** Asks whoever started this for something, and waits until it is done. */
export function ask(what) {
  process.stdout.write(`${what}\n`);
  return new Promise((resolve) => process.stdin.once("data", resolve));
}
