import { mkdir, readdir, readFile } from 'node:fs/promises';
import * as path from 'node:path';

import * as vscode from 'vscode';

import { type Ended, runProgram, tellOfFailure } from './program_run';
import type { Session } from './session';

const VIEW = 'glm-lsp.benchmark';
const KEYS = 300;
const POLICY =
  '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'; img-src data:">';

/** The commands that show what was measured on this machine, and measure. */
export function registerBenchmark(context: vscode.ExtensionContext, session: Session): vscode.Disposable[] {
  const page = new BenchmarkPage(context, session);
  const register = vscode.commands.registerCommand;
  return [
    register('glm-lsp.showBenchmarkPage', () => page.show()),
    register('glm-lsp.measure', () => page.measure()),
    { dispose: () => page.panel?.dispose() },
  ];
}

class BenchmarkPage {
  panel: vscode.WebviewPanel | undefined;
  private readonly folder: string;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly session: Session,
  ) {
    this.folder = path.join(context.globalStorageUri.fsPath, 'benchmarks');
  }

  async show(): Promise<void> {
    if (await this.hasResults()) {
      return this.draw();
    }
    const measure = 'Measure';
    const wish = await vscode.window.showInformationMessage(
      `GLM: nothing has been measured here yet. ${KEYS} keys are typed at a server of its own, which takes about a minute.`,
      measure,
    );
    if (wish === measure) {
      await this.measure();
    }
  }

  async measure(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const ended = await this.run(`typing ${KEYS} keys`, 'typing', '--keys', String(KEYS), '--output', this.folder);
    if (ended?.status === 0) {
      await this.draw();
    } else if (ended) {
      tellOfFailure('measuring', ended, this.session.log);
    }
  }

  private async draw(): Promise<void> {
    const file = path.join(this.folder, 'index.html');
    const ended = await this.run('drawing the page', 'page', this.folder, '--output', file);
    if (!ended) {
      return;
    }
    if (ended.status !== 0) {
      tellOfFailure('drawing the page', ended, this.session.log);
      return;
    }
    this.panel ??= this.open();
    this.panel.webview.html = withPolicy(await readFile(file, 'utf8'));
    this.panel.reveal();
  }

  private open(): vscode.WebviewPanel {
    const panel = vscode.window.createWebviewPanel(VIEW, 'GLM benchmark', vscode.ViewColumn.Active, {
      enableScripts: false,
      localResourceRoots: [],
      enableFindWidget: true,
    });
    panel.onDidDispose(() => (this.panel = undefined));
    return panel;
  }

  private run(title: string, ...parameters: string[]): Promise<Ended | undefined> {
    return runProgram(this.context, this.session, title, ['bench', ...parameters]);
  }

  private async hasResults(): Promise<boolean> {
    try {
      return (await readdir(this.folder)).some((name) => name.endsWith('.json'));
    } catch {
      return false;
    }
  }
}

/** Whatever a page brings along, it loads nothing. */
function withPolicy(html: string): string {
  return /<head>/i.test(html) ? html.replace(/<head>/i, `<head>${POLICY}`) : `${POLICY}${html}`;
}
