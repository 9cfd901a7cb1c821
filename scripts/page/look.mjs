// look.mjs PLAN.json: opens pages in a real Chromium and says what is wrong with them.
//
// The plan: { tools, chromium, shots, pages: [{ name, url }], walk: { url, code_file } }. Every page is looked
// at by axe-core (all of its rules of WCAG 2.2 A and AA and its best practices) at phone and desktop width, in light
// and dark, and must not scroll sideways; a picture of each is kept in `shots`. The walk decides by keyboard
// alone, without JavaScript, and waits for the code in a file. Prints one line for each thing that is wrong,
// and ends with 1 if there is any.
import { readFileSync, existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";

const plan = JSON.parse(readFileSync(process.argv[2], "utf8"));
const require = createRequire(plan.tools + "/");
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const widths = { phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 900 } };
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const wrong = [];
let checked = 0;
mkdirSync(plan.shots, { recursive: true });

const browser = await chromium.launch({
  executablePath: plan.chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
try {
  for (const [width, viewport] of Object.entries(widths)) {
    for (const colorScheme of ["light", "dark"]) {
      for (const { name, url } of plan.pages) {
        await look(`${name}-${width}-${colorScheme}`, url, { viewport, colorScheme });
      }
    }
  }
  if (plan.walk) await walk(plan.walk);
} finally {
  await browser.close();
}
for (const line of wrong) console.log(line);
console.log(`${checked} looks, ${wrong.length} things wrong`);
process.exit(wrong.length > 0 || checked === 0 ? 1 : 0);

async function look(name, url, options) {
  // The page runs no script; axe-core is put into it past its own policy, to look only.
  const context = await browser.newContext({ ...options, bypassCSP: true });
  const page = await context.newPage();
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => {
    // The status of a page that says no is said on the console as well.
    const status = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !status) wrong.push(`${name}: console: ${message.text()}`);
  });
  await page.goto(url);
  const elsewhere = asked.filter((to) => new URL(to).origin !== new URL(url).origin);
  if (elsewhere.length > 0) wrong.push(`${name}: asks elsewhere: ${elsewhere.length}`);
  for (const open of [false, true]) {
    const other = page.locator("#approve_other");
    if (open && (await other.count()) === 0) continue;
    if (open) await other.check();
    const shot = `${name}${open ? "-times" : ""}`;
    await page.screenshot({ path: `${plan.shots}/${shot}.png`, fullPage: true });
    const size = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    if (size[0] > size[1]) wrong.push(`${shot}: scrolls sideways: ${size[0]} > ${size[1]}`);
    await page.evaluate(axe);
    const found = await page.evaluate(
      (values) => window.axe.run(document, { runOnly: { type: "tag", values } }),
      tags,
    );
    checked += 1;
    for (const violation of found.violations) {
      const where = violation.nodes.map((node) => node.target.join(" ")).join(", ");
      wrong.push(`${shot}: ${violation.id} (${violation.impact}): ${violation.help}: ${where}`);
    }
    for (const unsure of found.incomplete) {
      if (unsure.id === "color-contrast") wrong.push(`${shot}: contrast cannot be told`);
    }
  }
  await context.close();
}

async function walk({ url, code_file }) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(url);
  const focus = () => page.locator(":focus").getAttribute("id");
  const tabTo = async (selector) => {
    for (let n = 0; n < 30; n += 1) {
      await page.keyboard.press("Tab");
      if (await page.locator(`${selector}:focus`).count()) return;
    }
    throw new Error(`${selector} is not reached by the keyboard; the focus is on ${await focus()}`);
  };
  // Enter without a choice sends nothing.
  await tabTo("#comment");
  await tabTo("form button");
  await page.keyboard.press("Enter");
  if (page.url() !== url) wrong.push("walk: a form without a choice was sent");
  await page.goto(url);
  await tabTo("#approve");
  await page.keyboard.press("Space");
  await tabTo("#comment");
  await page.keyboard.type("Seen by keyboard");
  await tabTo("form button");
  await Promise.all([page.waitForURL(/\/d\/[a-z2-7]+\/.+/), page.keyboard.press("Enter")]);
  for (let n = 0; n < 300 && !existsSync(code_file); n += 1) await page.waitForTimeout(100);
  await tabTo("#code");
  await page.keyboard.type(readFileSync(code_file, "utf8").trim());
  await Promise.all([page.waitForURL(url), page.keyboard.press("Enter")]);
  const status = await page.locator("[role=status] h2").textContent();
  if (status !== "Your approval is recorded") wrong.push(`walk: the page says: ${status}`);
  await page.screenshot({ path: `${plan.shots}/walk.png`, fullPage: true });
  checked += 1;
  await context.close();
}
