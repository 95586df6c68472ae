/** The module as Django serves it, without a bundler; the page's session cookie says who it is. */
import assert from "node:assert/strict";
import { launch, open, play } from "./browser.js";

const { chromium, origin, room, username, password } = JSON.parse(process.argv[2]);
const MODULE = `
  import { ChatClient } from "/static/chat-client/chat-client.js";
  window.client = new ChatClient().connect();
  window.client.on("trouble", (error) => console.error(error.stack));
  window.client.on("signed_out", (error) => console.error(error.stack));
  window.view = window.client.join("${room}");
`;

const browser = await launch(chromium);
// The test puts its module into a page of the site, which the page's policy would not let anybody else do.
const context = await browser.newContext({ bypassCSP: true });
const page = await open(context, origin, { content: ";" });

await play(browser, [page], async () => {
  await page.goto(`${origin}/api-auth/login/?next=/auth/me`);
  await page.locator("input[name=username]").fill(username);
  await page.locator("input[name=password]").fill(password);
  await page.locator("[type=submit]").click();
  await page.waitForURL(/auth\/me/);
  await page.addScriptTag({ type: "module", content: MODULE });
  await page.waitForFunction(() => window.client?.isConnected && window.view.status === "ready");
  const message = await page.evaluate(() => window.view.send("no build step").acked());
  assert.equal(message.content, "no build step");
  await page.waitForFunction(() => window.client.userId !== null); // the cookie does not say; `/auth/me` does
  assert.equal(await page.evaluate(() => window.client.userId), message.senderId);
  await page.evaluate(() => window.client.markAllRead(window.view.id)); // a write over REST: the CSRF token goes along
  await page.waitForFunction(() => window.view.messages.at(-1)?.status === "sent");
  assert.deepEqual(page.errors, []);
});
