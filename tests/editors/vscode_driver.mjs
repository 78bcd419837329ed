// Drives one Chromium that shows VS Code: a line of JSON with a request on stdin, a line with its answer on stdout.
// Arguments: the folder node_modules that holds playwright-core, and the program of the browser.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

import { PAGE } from './vscode_page.mjs';

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

const SHOW_TERMINAL = ({ drawn, columns, rows }) => {
  const options = { cols: columns, rows, fontSize: 19, cursorStyle: 'bar', fontFamily: 'DejaVu Sans Mono, monospace', allowProposedApi: true };
  const terminal = new window.Terminal(options);
  terminal.open(document.querySelector('#terminal'));
  terminal.focus();
  return new Promise((done) => {
    terminal.write(drawn, () => requestAnimationFrame(() => requestAnimationFrame(done)));
  });
};

const texts = (selector) => page.locator(selector).allInnerTexts();
const CHOICES = '.quick-input-list .monaco-list-row:visible, .action-widget .monaco-list-row:visible';

const requests = {
  async openFolder({ url }) {
    await page?.context().close();
    const context = await browser.newContext({ viewport: { width: 1400, height: 1400 } });
    await context.grantPermissions(['clipboard-read', 'clipboard-write']).catch(() => {});
    await context.addInitScript(PAGE);
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
  type: ({ text, delay }) => page.keyboard.type(text, { delay }),
  lines: () => page.evaluate(() => window.glm.lines()),
  ghostText: () => page.evaluate(() => window.glm.ghostText()),
  position: () => page.locator('[id="status.editor.selection"]').innerText(),
  clock: () => page.evaluate(() => window.glm.now()),
  activeTab: () => page.locator('.tab.active').getAttribute('data-resource-name'),
  isListShown: async () => (await page.locator('.suggest-widget.visible').count()) > 0,
  record: ({ lines }) => page.evaluate((withLines) => window.glm.record(withLines), lines),
  recorded: () => page.evaluate(() => window.glm.stop()),
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
  async screenshot({ path, clip }) {
    await page?.screenshot({ path, clip });
  },
  /** What a terminal shows after this, in the same emulator as VS Code's own. */
  async terminal({ drawn, columns, rows, path }) {
    const xterm = `${modules}/code-server/lib/vscode/node_modules/@xterm/xterm`;
    const context = await browser.newContext({ viewport: { width: 2000, height: 1400 } });
    try {
      const shown = await context.newPage();
      await shown.setContent('<div id="terminal" style="display: inline-block; padding: 8px; background: #14161b"></div>');
      await shown.addStyleTag({ path: `${xterm}/css/xterm.css` });
      await shown.addScriptTag({ path: `${xterm}/lib/xterm.js` });
      await shown.evaluate(SHOW_TERMINAL, { drawn, columns, rows });
      await shown.locator('#terminal').screenshot({ path });
    } finally {
      await context.close();
    }
  },
  viewport: (size) => page.setViewportSize(size),
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
