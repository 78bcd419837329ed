// Drives one Chromium that shows VS Code: a line of JSON with a request on stdin, a line with its answer on stdout.
// Arguments: the folder node_modules that holds playwright-core, and the program of the browser.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [modules, executablePath] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)('playwright-core');
const browser = await chromium.launch({
  executablePath,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
let page;

/** Lines as they are shown, top to bottom; the editor keeps them in any order. */
const SHOWN_LINES = () => {
  const top = (line) => Number.parseFloat(line.style.top);
  return [...document.querySelectorAll('.editor-instance .view-lines > .view-line')]
    .sort((one, other) => top(one) - top(other))
    .map((line) => {
      const copy = line.cloneNode(true);
      for (const ghost of copy.querySelectorAll('[class*="ghost-text"]')) ghost.remove();
      return copy.textContent.replaceAll('\u00a0', ' ').replaceAll('\u200c', '');
    });
};

const texts = (selector) => page.locator(selector).allInnerTexts();
const CHOICES = '.quick-input-list .monaco-list-row:visible, .action-widget .monaco-list-row:visible';

const requests = {
  async openFolder({ url }) {
    await page?.context().close();
    const context = await browser.newContext({ viewport: { width: 1400, height: 1400 } });
    await context.grantPermissions(['clipboard-read', 'clipboard-write']).catch(() => {});
    page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(url);
  },
  /** A file of the folder, by a double click in the Explorer. */
  async openFile({ name }) {
    await page.locator(`.explorer-folders-view .monaco-list-row[aria-label^="${name}"]`).dblclick();
    await page.locator('.editor-instance .view-lines').waitFor();
  },
  press: ({ keys }) => page.keyboard.press(keys),
  type: ({ text }) => page.keyboard.type(text, { delay: 20 }),
  lines: () => page.evaluate(SHOWN_LINES),
  ghostText: () => texts('.editor-instance [class*="ghost-text"]'),
  notifications: () => texts('.notifications-toasts .notification-list-item-message'),
  /** Takes an entry of an open quick pick, menu or list of code actions. */
  async choose({ text }) {
    await page.locator(CHOICES).filter({ has: page.getByText(text, { exact: true }) }).first().click();
  },
  choices: () => texts(CHOICES),
  /** What is shown of the elements, and their attribute instead where one is named. */
  texts: ({ selector, attribute }) =>
    attribute
      ? page.locator(selector).evaluateAll((all, name) => all.map((each) => each.getAttribute(name) ?? ''), attribute)
      : texts(selector),
  click: ({ selector }) => page.locator(selector).first().click(),
  /** The words of every page within the page: webviews are such. */
  frames: async () => {
    const words = page.frames().map((frame) => frame.locator('body').innerText({ timeout: 2000 }).catch(() => ''));
    return Promise.all(words);
  },
  isDirty: async () => (await page.locator('.tab.active.dirty').count()) > 0,
  /** Presses a button of a notification. */
  async button({ text }) {
    const toast = page.locator('.notifications-toasts .notification-list-item').first();
    await toast.hover();
    await toast.locator('.monaco-button').filter({ hasText: text }).first().click();
  },
  async screenshot({ path }) {
    await page?.screenshot({ path });
  },
  async close() {
    await browser.close();
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { request, ...options } = JSON.parse(line);
  let answer;
  try {
    answer = { result: (await requests[request](options)) ?? null };
  } catch (error) {
    answer = { error: String(error.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
