// The module `vscode`, as far as this project's extension and its language client need it: an editor without a window.
'use strict';

const values = require('./values.js');
const { TextDocument } = require('./document.js');
const { Disposable, EventEmitter, Position, Range, Selection } = values;

/** What the driver looks at, and sets. */
const state = {
  settings: {},
  providers: new Map(),
  sources: new Set(),
  commands: new Map(),
  messages: [],
  progress: [],
  statusBar: [],
  log: [],
  executed: [],
  answers: [],
  details: [],
  logLevel: 3,
  extensions: {},
};

const events = new Proxy({}, { get: (all, name) => (all[name] ??= new EventEmitter()) });

/** Functions named `on…` are events; whatever else is missing here is missing loudly. */
function complete(name, known) {
  return new Proxy(known, {
    get(target, key) {
      if (key in target || typeof key === 'symbol' || key === 'then' || key === '__esModule') {
        return target[key];
      }
      if (/^on[A-Z]/.test(key)) {
        return events[key].event;
      }
      throw new Error(`the fake vscode has no ${name}.${key}`);
    },
    has: (target, key) => key in target,
  });
}

const provider = (kind) => (selector, it, ...rest) => {
  const entry = { kind, selector, it, rest };
  state.providers.set(entry, entry);
  state.sources.add(entry);
  return new Disposable(() => state.providers.delete(entry));
};

const languages = new Proxy(
  {
    match(selector, document) {
      const all = Array.isArray(selector) ? selector : [selector];
      const fits = (filter) =>
        typeof filter === 'string'
          ? filter === '*' || filter === document.languageId
          : (!filter.scheme || filter.scheme === document.uri.scheme) &&
            (!filter.language || filter.language === document.languageId);
      return all.some(fits) ? 10 : 0;
    },
    createDiagnosticCollection: () => ({ set() {}, delete() {}, clear() {}, dispose() {} }),
  },
  {
    get: (known, key) => known[key] ?? (/^register.*Provider$/.test(key) ? provider(key.slice(8, -8)) : undefined),
  },
);

const commands = complete('commands', {
  registerCommand(name, run) {
    if (state.commands.has(name)) {
      throw new Error(`the command ${name} is there already`);
    }
    state.commands.set(name, run);
    return new Disposable(() => state.commands.delete(name));
  },
  registerTextEditorCommand: (name, run) =>
    commands.registerCommand(name, (...rest) => run(window.activeTextEditor, undefined, ...rest)),
  async executeCommand(name, ...parameters) {
    state.executed.push([name, ...parameters]);
    return state.commands.get(name)?.(...parameters);
  },
  getCommands: async () => [...state.commands.keys()],
});

function configuration(section) {
  const full = (name) => (section ? `${section}.${name}` : name);
  return {
    get: (name, otherwise) => state.settings[full(name)] ?? otherwise,
    has: (name) => full(name) in state.settings,
    inspect: (name) => ({ key: full(name), globalValue: state.settings[full(name)] }),
    async update(name, value) {
      if (value === undefined) {
        delete state.settings[full(name)];
      } else {
        state.settings[full(name)] = value;
      }
      events.onDidChangeConfiguration.fire({ affectsConfiguration: (other) => full(name).startsWith(other) });
    },
  };
}

const untitled = () => values.Uri.from({ scheme: 'untitled', path: `Untitled-${workspace.textDocuments.length + 1}` });

const workspace = complete('workspace', {
  isTrusted: true,
  workspaceFolders: [],
  textDocuments: [],
  notebookDocuments: [],
  fs: {},
  getConfiguration: configuration,
  getWorkspaceFolder: (uri) => workspace.workspaceFolders.find(({ uri: folder }) => uri.path.startsWith(`${folder.path}/`)),
  asRelativePath: (uri) => uri.fsPath ?? uri,
  registerTextDocumentContentProvider: () => new Disposable(),
  createFileSystemWatcher: () => complete('watcher', { dispose() {} }),
  async openTextDocument(wanted = {}) {
    const uri = typeof wanted === 'string' ? values.Uri.file(wanted) : wanted;
    const document =
      uri instanceof values.Uri
        ? TextDocument.read(uri)
        : new TextDocument(untitled(), wanted.language ?? 'plaintext', wanted.content ?? '');
    const known = workspace.textDocuments.find((each) => each.uri.toString() === document.uri.toString());
    if (known) {
      return known;
    }
    workspace.textDocuments = [...workspace.textDocuments, document];
    events.onDidOpenTextDocument.fire(document);
    return document;
  },
  async applyEdit(edit) {
    for (const [uri, edits] of edit.entries()) {
      const document = workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
      change(document, edits);
    }
    return true;
  },
});

/** What a person does with a message or a list: what the test said, in turn; else they close it. */
const answer = (kind) => async (first, ...rest) => {
  state.messages.push([kind, typeof first === 'string' ? first : (first?.title ?? ''), ...rest.filter((each) => typeof each === 'string')]);
  state.details.push(...rest.flatMap((each) => each?.detail ?? []));
  return state.answers.shift();
};

const output = (name) => {
  const line = (level) => (...parts) => state.log.push(`${level} ${parts.join(' ')}`);
  const levels = Object.fromEntries(['trace', 'debug', 'info', 'warn', 'error', 'append', 'appendLine', 'replace'].map((each) => [each, line(each)]));
  return { name, logLevel: state.logLevel, onDidChangeLogLevel: events.onDidChangeLogLevel.event, ...levels, clear() {}, show() {}, hide() {}, dispose() {} };
};

const window = complete('window', {
  activeTextEditor: undefined,
  visibleTextEditors: [],
  tabGroups: complete('tabGroups', { all: [] }),
  createOutputChannel: output,
  createStatusBarItem() {
    const item = { text: '', show() {}, hide() {}, dispose() {} };
    state.statusBar.push(item);
    return item;
  },
  showInformationMessage: answer('information'),
  showWarningMessage: answer('warning'),
  showErrorMessage: answer('error'),
  showQuickPick: async (items, options) => {
    state.messages.push(['pick', options?.title ?? '', ...(await items).map(({ label }) => label)]);
    const wanted = state.answers.shift();
    return (await items).find(({ label }) => label === wanted);
  },
  showOpenDialog: answer('open'),
  async withProgress(options, task) {
    const source = new values.CancellationTokenSource();
    const shown = { title: options.title, lines: [], cancel: () => source.cancel(), isDone: false };
    // The status bar's are the server's own.
    if (options.location === values.ProgressLocation.Notification) {
      state.progress.push(shown);
    }
    try {
      return await task({ report: ({ message }) => message && shown.lines.push(message) }, source.token);
    } finally {
      shown.isDone = true;
    }
  },
  async showTextDocument(document) {
    const start = new Position(0, 0);
    const editor = { document, selection: new Selection(start, start), viewColumn: 1 };
    window.activeTextEditor = editor;
    window.visibleTextEditors = [editor];
    events.onDidChangeVisibleTextEditors.fire([editor]);
    events.onDidChangeActiveTextEditor.fire(editor);
    return editor;
  },
});

/** Changes a document as a person or a command does. */
function change(document, edits) {
  const contentChanges = document.apply(edits);
  events.onDidChangeTextDocument.fire({ document, contentChanges, reason: undefined });
}

module.exports = {
  ...values,
  version: '1.99.0',
  commands,
  env: complete('env', { appName: 'Fake', language: 'en', openExternal: async () => true }),
  extensions: complete('extensions', { all: [], getExtension: (id) => state.extensions[id] }),
  languages,
  window,
  workspace,
  fake: { state, events, change, Range },
};
