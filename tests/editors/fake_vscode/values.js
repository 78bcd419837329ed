// Values of the module `vscode` that the language client makes, compares and hands over.
'use strict';

const path = require('node:path');
const { fileURLToPath, pathToFileURL } = require('node:url');

class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
  compareTo(other) {
    return this.line - other.line || this.character - other.character;
  }
  isEqual(other) {
    return this.compareTo(other) === 0;
  }
  isBefore(other) {
    return this.compareTo(other) < 0;
  }
  isBeforeOrEqual(other) {
    return this.compareTo(other) <= 0;
  }
  isAfter(other) {
    return this.compareTo(other) > 0;
  }
}

class Range {
  constructor(start, end, endLine, endCharacter) {
    const [one, other] =
      typeof start === 'number' ? [new Position(start, end), new Position(endLine, endCharacter)] : [start, end];
    [this.start, this.end] = one.isAfter(other) ? [other, one] : [one, other];
  }
  get isEmpty() {
    return this.start.isEqual(this.end);
  }
}

class Selection extends Range {
  constructor(anchor, active) {
    super(anchor, active);
    Object.assign(this, { anchor, active });
  }
}

class Uri {
  constructor(scheme, authority, path, query = '', fragment = '') {
    Object.assign(this, { scheme, authority, path, query, fragment });
  }
  static file(file) {
    return Uri.parse(pathToFileURL(path.resolve(file)).href);
  }
  static parse(text) {
    const { protocol, host, pathname, search, hash } = new URL(text);
    return new Uri(protocol.slice(0, -1), host, decodeURIComponent(pathname), search.slice(1), hash.slice(1));
  }
  static from({ scheme, authority = '', path = '', query = '', fragment = '' }) {
    return new Uri(scheme, authority, path, query, fragment);
  }
  static joinPath(uri, ...parts) {
    return uri.with({ path: path.posix.join(uri.path, ...parts) });
  }
  with(changes) {
    return Uri.from({ ...this, ...changes });
  }
  get fsPath() {
    return this.scheme === 'file' ? fileURLToPath(this.toString()) : this.path;
  }
  toString() {
    const query = this.query ? `?${this.query}` : '';
    const authority = this.scheme === 'file' || this.authority ? `//${this.authority}` : '';
    return `${this.scheme}:${authority}${this.path.split('/').map(encodeURIComponent).join('/')}${query}`;
  }
}

class Disposable {
  constructor(dispose) {
    this.dispose = dispose ?? (() => {});
  }
  static from(...all) {
    return new Disposable(() => all.forEach((each) => each.dispose()));
  }
}

class EventEmitter {
  #listeners = new Set();
  event = (listener, self, disposables) => {
    const bound = self ? listener.bind(self) : listener;
    this.#listeners.add(bound);
    const registration = new Disposable(() => this.#listeners.delete(bound));
    disposables?.push(registration);
    return registration;
  };
  fire(value) {
    for (const listener of [...this.#listeners]) {
      listener(value);
    }
  }
  dispose() {
    this.#listeners.clear();
  }
}

class CancellationTokenSource {
  #emitter = new EventEmitter();
  token = { isCancellationRequested: false, onCancellationRequested: this.#emitter.event };
  cancel() {
    if (!this.token.isCancellationRequested) {
      this.token.isCancellationRequested = true;
      this.#emitter.fire();
    }
  }
  dispose() {
    this.#emitter.dispose();
  }
}

class CancellationError extends Error {}

class TextEdit {
  constructor(range, newText) {
    Object.assign(this, { range, newText });
  }
  static replace(range, newText) {
    return new TextEdit(range, newText);
  }
  static insert(position, newText) {
    return new TextEdit(new Range(position, position), newText);
  }
}

class WorkspaceEdit {
  #edits = new Map();
  set(uri, edits) {
    this.#edits.set(uri.toString(), [uri, edits.map((edit) => (Array.isArray(edit) ? edit[0] : edit))]);
  }
  entries() {
    return [...this.#edits.values()];
  }
}

class InlineCompletionItem {
  constructor(insertText, range, command) {
    Object.assign(this, { insertText, range, command });
  }
}

class InlineCompletionList {
  constructor(items) {
    this.items = items;
  }
}

class MarkdownString {
  constructor(value = '') {
    this.value = value;
  }
  appendMarkdown(text) {
    this.value += text;
    return this;
  }
  appendText(text) {
    return this.appendMarkdown(text);
  }
}

class ThemeColor {
  constructor(id) {
    this.id = id;
  }
}

class CodeActionKind {
  constructor(value) {
    this.value = value;
  }
  append(part) {
    return new CodeActionKind(this.value ? `${this.value}.${part}` : part);
  }
}
CodeActionKind.Empty = new CodeActionKind('');
for (const name of ['QuickFix', 'Refactor', 'Source', 'Notebook']) {
  CodeActionKind[name] = CodeActionKind.Empty.append(name.toLowerCase());
}

class CodeAction {
  constructor(title, kind) {
    Object.assign(this, { title, kind });
  }
}

/** An enumeration: names from 0 on. */
const numbered = (...names) => Object.fromEntries(names.flatMap((name, i) => [[name, i], [i, name]]));

/** What a language client derives from or looks at, and this server never makes. */
const unused = Object.fromEntries(
  [
    'CallHierarchyItem', 'CodeLens', 'Color', 'CompletionItem', 'CompletionList', 'Diagnostic', 'DocumentLink', 'Hover',
    'InlayHint', 'Location', 'SnippetString', 'SymbolInformation', 'TabInputCustom', 'TabInputNotebook', 'TabInputText',
    'TabInputTextDiff', 'TypeHierarchyItem',
  ].map((name) => [name, { [name]: class {} }[name]]),
);

module.exports = {
  ...unused,
  CancellationError,
  CancellationTokenSource,
  CodeAction,
  CodeActionKind,
  Disposable,
  EventEmitter,
  InlineCompletionItem,
  InlineCompletionList,
  MarkdownString,
  Position,
  Range,
  Selection,
  TextEdit,
  ThemeColor,
  Uri,
  WorkspaceEdit,
  CodeActionTriggerKind: { Invoke: 1, Automatic: 2 },
  CompletionItemTag: { Deprecated: 1 },
  ConfigurationTarget: { Global: 1, Workspace: 2, WorkspaceFolder: 3 },
  DiagnosticSeverity: numbered('Error', 'Warning', 'Information', 'Hint'),
  DiagnosticTag: { Unnecessary: 1, Deprecated: 2 },
  FoldingRangeKind: { Comment: 1, Imports: 2, Region: 3 },
  InlineCompletionTriggerKind: numbered('Invoke', 'Automatic'),
  LogLevel: numbered('Off', 'Trace', 'Debug', 'Info', 'Warning', 'Error'),
  ProgressLocation: { SourceControl: 1, Window: 10, Notification: 15 },
  QuickPickItemKind: { Separator: -1, Default: 0 },
  StatusBarAlignment: { Left: 1, Right: 2 },
  SymbolTag: { Deprecated: 1 },
  TextDocumentChangeReason: { Undo: 1, Redo: 2 },
  TextDocumentSaveReason: { Manual: 1, AfterDelay: 2, FocusOut: 3 },
  ViewColumn: { Active: -1, Beside: -2, One: 1 },
};
