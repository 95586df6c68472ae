/** Two people with the well-known component, word for word: messages, typing, receipts, a server that is killed. */
import assert from "node:assert/strict";
import { ask, bundle, launch, open, play } from "./browser.js";

const { chromium, people } = JSON.parse(process.argv[2]);
const browser = await launch(chromium);
const script = { content: await bundle("seed/main.tsx") };
// The test puts the component into a page of the site, which the page's policy would not let anybody else do.
const contexts = await Promise.all(people.map(() => browser.newContext({ bypassCSP: true })));
const enter = (number) => {
  const { origin, ...parameters } = people[number];
  return open(contexts[number], origin, script, { url: `${origin}/chat`, ...parameters });
};
let customer = await enter(0);
const owner = await enter(1);
const both = [customer, owner];

const shows = (page, text) => page.getByText(text, { exact: true }).waitFor();
const messages = (page) =>
  page
    .locator(".messages > div")
    .evaluateAll((rows) => rows.map((row) => [row.className, ...Array.from(row.children, (part) => part.textContent)]));
const until = async (page, expected) => {
  for (let tries = 0; ; tries += 1) {
    const seen = await messages(page);
    if (JSON.stringify(seen) === JSON.stringify(expected)) return;
    if (tries > 300) assert.deepEqual(seen, expected);
    await page.waitForTimeout(50);
  }
};
const say = async (page, text) => {
  await page.getByPlaceholder("Type a message...").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
};

async function talk() {
  await Promise.all(both.map((page) => shows(page, "Connected")));

  // "Connected" is shown before the conversation is joined, and typing is not told to who comes later: people type on.
  const typing = owner.getByText("User is typing...");
  const field = customer.getByPlaceholder("Type a message...");
  for (let key = 0; key < 300 && !(await typing.isVisible()); key += 1) {
    await field.pressSequentially("b");
    await customer.waitForTimeout(100);
  }
  await typing.waitFor();
  await say(customer, "Is the blue one still there?");
  await owner.getByText("User is typing...").waitFor({ state: "detached" });
  await until(owner, [["received", "Is the blue one still there?", "read"]]);
  await until(customer, [["sent", "Is the blue one still there?", "read"]]);
  await owner.getByPlaceholder("Type a message...").fill("It is.");
  await owner.getByPlaceholder("Type a message...").press("Enter");
  await until(customer, [
    ["sent", "Is the blue one still there?", "read"],
    ["received", "It is.", "read"],
  ]);
}

async function surviveKill() {
  await ask("kill");
  await shows(customer, "Disconnected");
  await say(customer, "Said in the dark");
  await until(customer, [
    ["sent", "Is the blue one still there?", "read"],
    ["received", "It is.", "read"],
    ["sent", "Said in the dark", "sending"],
  ]);
  // The page goes, with what it had not sent; the one that is opened later knows.
  await customer.close();
  await ask("start");
  customer = await enter(0);
  both.splice(0, 1, customer);
  await Promise.all(both.map((page) => shows(page, "Connected")));
  await until(owner, [
    ["received", "Is the blue one still there?", "read"],
    ["sent", "It is.", "read"],
    ["received", "Said in the dark", "read"],
  ]);
  await until(customer, [
    ["sent", "Is the blue one still there?", "read"],
    ["received", "It is.", "read"],
    ["sent", "Said in the dark", "read"],
  ]);
}

await play(browser, both, async () => {
  await talk();
  await surviveKill();
  // A server that is away is an error to the browser; nothing else may be.
  const unexpected = both.flatMap(({ errors }) => errors).filter((text) => !/WebSocket connection|Failed to load/.test(text));
  assert.deepEqual(unexpected, []);
});
