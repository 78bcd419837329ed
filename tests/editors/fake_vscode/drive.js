// Drives the bundle of the extension in the editor of `vscode.js`: a line of JSON with a request on stdin, a line with
// its answer on stdout. Arguments: the bundle, the extension's folder, and one for what it stores.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { createInterface } = require('node:readline');
const vscode = require('vscode');

const [bundle, extensionPath, storage] = process.argv.slice(2);
const { state, events, change } = vscode.fake;
const { Position, Range, Selection, Uri } = vscode;
const extension = require(bundle);
const pending = [];
const memory = new Map();

const context = {
  subscriptions: [],
  extension: { id: 'glm-lsp.glm-lsp', packageJSON: JSON.parse(fs.readFileSync(path.join(extensionPath, 'package.json'), 'utf8')) },
  extensionPath,
  extensionUri: Uri.file(extensionPath),
  globalStorageUri: Uri.file(storage),
  globalState: {
    get: (key, otherwise) => memory.get(key) ?? otherwise,
    update: async (key, value) => void memory.set(key, value),
  },
  workspaceState: { get: (_, otherwise) => otherwise, update: async () => {} },
};

/** The editor in front. */
const front = () => vscode.window.activeTextEditor;

/** Who offers inline completions for the document in front. */
const offering = () =>
  [...state.providers.values()].find(
    ({ kind, selector }) => kind === 'InlineCompletionItem' && vscode.languages.match(selector, front().document),
  );

function inlineCompletions({ triggerKind = 1 }) {
  const { document, selection } = front();
  const entry = offering();
  if (!entry) {
    throw new Error('nobody has registered for inline completions of this document');
  }
  const source = new vscode.CancellationTokenSource();
  const asked = entry.it.provideInlineCompletionItems(document, selection.active, { triggerKind }, source.token);
  return { source, answer: Promise.resolve(asked).then(shown) };
}

/** Items, as plain values. */
function shown(result) {
  const items = Array.isArray(result) ? result : (result?.items ?? []);
  return items.map(({ insertText, range, command }) => ({
    text: insertText,
    range: range && [range.start.line, range.start.character, range.end.line, range.end.character],
    command: command?.command ?? null,
  }));
}

const patient = globalThis.setTimeout;

/** The Python extension, as far as this one uses it: asleep until somebody wakes it, and then as long as it likes. */
function pythonExtension(interpreter) {
  const changed = new vscode.EventEmitter();
  const waking = Promise.withResolvers();
  const environments = {
    onDidChangeActiveEnvironmentPath: changed.event,
    getActiveEnvironmentPath: () => ({}),
    resolveEnvironment: async () => ({ executable: { uri: Uri.file(python.interpreter) } }),
  };
  const python = {
    interpreter,
    changed,
    isActive: false,
    exports: undefined,
    wakes: 0,
    async activate() {
      python.wakes += 1;
      await waking.promise;
      return python.exports;
    },
    wake() {
      Object.assign(python, { isActive: true, exports: { environments } });
      waking.resolve();
    },
  };
  return python;
}

const PYTHON = 'ms-python.python';

const requests = {
  async logLevel({ level }) {
    state.logLevel = level;
  },
  /** Installs the Python extension, with a Python that is chosen in it. */
  async installPython({ interpreter }) {
    state.extensions[PYTHON] = pythonExtension(interpreter);
  },
  /** It has taken its time. */
  async wakePython() {
    state.extensions[PYTHON].wake();
  },
  wakes: async () => state.extensions[PYTHON].wakes,
  async choosePython({ interpreter }) {
    Object.assign(state.extensions[PYTHON], { interpreter }).changed.fire();
  },
  /** Waits of a quarter of a minute and more take a quarter of a second from now on. */
  async hurry() {
    globalThis.setTimeout = (run, ms, ...rest) => patient(run, ms >= 15_000 ? 250 : ms, ...rest);
  },
  async activate({ folder, settings, trusted }) {
    Object.assign(state.settings, settings);
    vscode.workspace.isTrusted = trusted;
    vscode.workspace.workspaceFolders = [{ uri: Uri.file(folder), name: path.basename(folder), index: 0 }];
    await extension.activate(context);
  },
  async deactivate() {
    await extension.deactivate();
    context.subscriptions.splice(0).reverse().forEach((each) => each.dispose());
  },
  async open({ file }) {
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(file));
  },
  async close() {
    const { document } = front();
    document.isClosed = true;
    vscode.window.activeTextEditor = undefined;
    vscode.window.visibleTextEditors = [];
    vscode.workspace.textDocuments = vscode.workspace.textDocuments.filter((each) => each !== document);
    events.onDidCloseTextDocument.fire(document);
  },
  async select({ line, character, toLine = line, toCharacter = character }) {
    front().selection = new Selection(new Position(line, character), new Position(toLine, toCharacter));
  },
  /** A key at a time. */
  async type({ text }) {
    for (const key of text) {
      const { document, selection } = front();
      const offset = document.offsetAt(selection.start) + key.length;
      change(document, [{ range: new Range(selection.start, selection.end), newText: key }]);
      const after = document.positionAt(offset);
      front().selection = new Selection(after, after);
    }
  },
  isServedAtAll: async () => [...state.providers.values()].some(({ kind }) => kind === 'InlineCompletionItem'),
  isServed: async () => offering() !== undefined,
  /** Who is asked for inline completions of the document in front: a number that is another one for each. */
  source: async () => [...state.sources].indexOf(offering()),
  text: async () => front().document.getText(),
  complete: async (options) => inlineCompletions(options).answer,
  /** Asks, and goes on; `cancel` withdraws all that was asked so, and gives the last answer. */
  async begin(options) {
    pending.push(inlineCompletions(options));
  },
  async cancel() {
    const all = pending.splice(0);
    all.forEach(({ source }) => source.cancel());
    return all.at(-1).answer;
  },
  async set({ name, value }) {
    await vscode.workspace.getConfiguration().update(name, value);
  },
  async trust() {
    vscode.workspace.isTrusted = true;
    events.onDidGrantWorkspaceTrust.fire();
  },
  async answers({ answers }) {
    state.answers.push(...answers.map((each) => (each?.path ? [Uri.file(each.path)] : (each ?? undefined))));
  },
  /** Runs a command, and does not wait for what it does. */
  async command({ name, parameters = [] }) {
    if (!state.commands.has(name)) {
      throw new Error(`there is no command ${name}`);
    }
    void state.commands.get(name)(...parameters);
  },
  async cancelProgress() {
    state.progress.at(-1).cancel();
  },
  seen: async () => ({
    messages: state.messages,
    details: state.details,
    progress: state.progress.map(({ title, lines, isDone }) => ({ title, lines, isDone })),
    statusBar: state.statusBar.map(({ text }) => text),
    log: state.log,
    commands: [...state.commands.keys()],
    executed: state.executed,
    settings: state.settings,
    memory: Object.fromEntries(memory),
  }),
};

const failures = [];
process.on('unhandledRejection', (reason) => failures.push(String(reason?.stack ?? reason)));

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { request, ...options } = JSON.parse(line);
    let answer;
    try {
      answer = { result: (await requests[request](options)) ?? null };
    } catch (error) {
      answer = { error: error.stack };
    }
    process.stdout.write(`${JSON.stringify(failures.length ? { error: failures.join('\n') } : answer)}\n`);
  })
  .on('close', () => process.exit());
