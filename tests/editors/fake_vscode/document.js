// A document of the editor: what is typed and applied changes it, a version at a time.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { Position, Range } = require('./values.js');

const LANGUAGES = { '.py': 'python', '.ts': 'typescript' };

class TextDocument {
  /** A file as a document. */
  static read(uri) {
    const language = LANGUAGES[path.extname(uri.fsPath)] ?? 'plaintext';
    return new TextDocument(uri, language, fs.readFileSync(uri.fsPath, 'utf8'));
  }
  constructor(uri, languageId, text) {
    Object.assign(this, { uri, languageId, version: 1, isDirty: false, isClosed: false, isUntitled: uri.scheme === 'untitled', text });
  }
  get fileName() {
    return this.uri.fsPath;
  }
  get lines() {
    return this.text.split(/\r\n|\n/);
  }
  get lineCount() {
    return this.lines.length;
  }
  get eol() {
    return this.text.includes('\r\n') ? 2 : 1;
  }
  getText(range) {
    return range ? this.text.slice(this.offsetAt(range.start), this.offsetAt(range.end)) : this.text;
  }
  lineAt(line) {
    return { text: this.lines[line], lineNumber: line };
  }
  offsetAt({ line, character }) {
    let start = 0;
    for (let i = 0; i < line; i++) {
      start = this.text.indexOf('\n', start) + 1;
    }
    return start + character;
  }
  positionAt(offset) {
    const before = this.text.slice(0, offset).split('\n');
    return new Position(before.length - 1, before.at(-1).length);
  }
  /** Applies edits that do not overlap, as one change. Returns the change as events have it. */
  apply(edits) {
    const placed = edits
      .map(({ range, newText }) => ({ at: this.offsetAt(range.start), to: this.offsetAt(range.end), range, text: newText }))
      .sort((one, other) => other.at - one.at);
    for (const { at, to, text } of placed) {
      this.text = this.text.slice(0, at) + text + this.text.slice(to);
    }
    this.version += 1;
    this.isDirty = true;
    return placed.map(({ at, to, range, text }) => ({
      range: new Range(range.start, range.end),
      rangeOffset: at,
      rangeLength: to - at,
      text,
    }));
  }
}

module.exports = { TextDocument };
