import * as vscode from 'vscode';
import { State } from 'vscode-languageclient/node';

import { Client } from './client';
import { clientOptions } from './client_options';
import { Retrying } from './retrying';
import { serverFolder, serverProgram } from './server';
import { chosenSettings } from './settings';
import type { Status } from './status';

/** Stopped: nobody wants it to run. Failed: `failure` says why. */
export type Phase = 'stopped' | 'starting' | 'running' | 'failed';

/** What helps when the server cannot be started. */
type Remedy = (reason: string, isMissing: boolean) => Promise<void>;

/** Of a start that is not wanted any more. */
class OvertakenError extends Error {}

/** One window's server: started, stopped, and started anew without a reload of the window. */
export class Session implements vscode.Disposable {
  client: Client | undefined;
  /** The program, once it was found. */
  program: string | undefined;
  /** Whether the folder in front or its Python brings it, so that it comes before what the extension installs. */
  isOfFolder = false;
  /** What the server said last, while it runs. */
  status: Status | undefined;
  phase: Phase = 'stopped';
  /** Why it does not run, in words for a person. */
  failure: string | undefined;
  readonly log = vscode.window.createOutputChannel('GLM', { log: true });

  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly retrying = new Retrying();
  private last: Promise<void> = Promise.resolve();
  private told: string | undefined;
  private starting: AbortController | undefined;
  private isRefreshWaiting = false;
  /** Counts what has been asked for: only the last of several restarts has to start anything. */
  private numAsked = 0;
  private numBegun = 0;
  private numTold = 0;

  /** @param remedy what to offer a person; it is called once for each reason. */
  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly remedy: Remedy,
  ) {}

  /** The folder that the editor keeps for the extension. */
  get storage(): string {
    return this.context.globalStorageUri.fsPath;
  }

  start(): Promise<void> {
    return this.inTurn(() => this.begin());
  }

  /**
   * The client, once a server that is being started, or comes back, has answered; tells the person when there is none.
   *
   * @param cancelled the person no longer waits for it; there is no client then
   */
  async running(cancelled?: vscode.CancellationToken): Promise<Client | undefined> {
    const isOver = () => cancelled?.isCancellationRequested === true;
    const given = new Promise<void>((resolve) => cancelled?.onCancellationRequested(() => resolve()));
    const { numTold } = this;
    let turn: Promise<void>;
    do {
      turn = this.last;
      await Promise.race([given, turn.catch(() => undefined)]);
      while (this.phase === 'starting' && !isOver()) {
        await Promise.race([given, this.nextChange()]);
      }
    } while (turn !== this.last && !isOver());
    if (isOver()) {
      return undefined;
    }
    if (this.client?.isRunning()) {
      return this.client;
    }
    if (this.numTold === numTold) {
      void vscode.window.showErrorMessage(`GLM: ${this.failure ?? 'the server is not running'}.`);
    }
    return undefined;
  }

  stop(): Promise<void> {
    this.numAsked++;
    this.endStarting();
    return this.inTurn(() => this.end());
  }

  /** What still fails is told of again: somebody has asked. */
  restart(): Promise<void> {
    this.told = undefined;
    const asked = ++this.numAsked;
    this.endStarting();
    return this.inTurn(async () => {
      await this.end();
      if (asked === this.numAsked) {
        await this.begin();
      }
    });
  }

  /** Starts anew if another program is to be used now; one that is being started is given up. */
  refresh(): Promise<void> {
    this.endStarting();
    return this.reconsider();
  }

  /** Starts anew if another program is to be used now; one that is being started may be the right one. */
  reconsider(): Promise<void> {
    if (this.isRefreshWaiting) {
      // It will see what has changed since.
      return this.last;
    }
    this.isRefreshWaiting = true;
    return this.inTurn(async () => {
      this.isRefreshWaiting = false;
      if (this.phase !== 'running' || (await this.isAnotherWanted())) {
        await this.end();
        await this.begin();
      }
    });
  }

  dispose(): void {
    this.retrying.dispose();
    // The client still writes while it ends.
    void this.last.finally(() => {
      this.changed.dispose();
      this.log.dispose();
    });
  }

  private nextChange(): Promise<void> {
    return new Promise((resolve) => {
      const listener = this.onDidChange(() => {
        listener.dispose();
        resolve();
      });
    });
  }

  /** One after the other: two servers would register the same commands. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    this.last = this.last.then(work, work);
    return this.last;
  }

  /** A start that takes for ever must not keep the next one from its turn. */
  private endStarting(): void {
    this.starting?.abort();
  }

  private async isAnotherWanted(): Promise<boolean> {
    try {
      const choice = await serverProgram(this.context);
      return !('program' in choice) || choice.program !== this.program;
    } catch {
      // Starting it tells why.
      return true;
    }
  }

  private async begin(): Promise<void> {
    if (this.client) {
      return;
    }
    const starting = new AbortController();
    this.starting = starting;
    this.numBegun++;
    this.become('starting');
    try {
      await this.launch(starting.signal);
    } catch (error) {
      this.client = undefined;
      if (starting.signal.aborted) {
        this.become('stopped');
      } else {
        this.fail(`the server could not be started: ${words(error)}`, false);
      }
    } finally {
      this.starting = undefined;
    }
  }

  /** @throws {OvertakenError} the start was given up */
  private async launch(signal: AbortSignal): Promise<void> {
    this.program = undefined;
    const choice = await serverProgram(this.context, signal);
    const folder = await serverFolder(this.context);
    if (signal.aborted) {
      throw new OvertakenError();
    }
    if ('reason' in choice) {
      return this.fail(choice.reason, choice.isMissing === true);
    }
    const { program } = choice;
    this.program = program;
    this.isOfFolder = choice.isOfFolder === true;
    const since = Date.now();
    this.log.info(`starting ${program}`);
    const server = { command: program, args: ['serve'], options: { cwd: folder } };
    const client = new Client(server, clientOptions(this.context, this.log, this.retrying));
    this.client = client;
    client.onNotification('glm/status', (status: Status) => {
      if (this.client === client) {
        this.status = status;
        this.retrying.onStatus(status, client);
        this.changed.fire();
      }
    });
    const fault = await client.launch(signal);
    if (signal.aborted) {
      client.abandon();
      throw new OvertakenError();
    }
    if (fault !== undefined) {
      this.client = undefined;
      return this.fail(`${program} could not be started: ${fault}`, false);
    }
    this.told = undefined;
    this.log.info(`the server answered after ${Date.now() - since} ms`);
    this.become('running');
    client.onDidChangeState(({ newState }) => this.follow(client, newState));
    this.catchUp(client);
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.status = undefined;
    this.retrying.onStatus(undefined);
    this.become('stopped');
    if (client?.needsStop()) {
      try {
        await client.leave();
      } catch (error) {
        this.log.warn(String(error));
      }
    }
  }

  /** The client starts a server that has crashed by itself, a few times. */
  private follow(client: Client, state: State): void {
    if (this.client !== client) {
      return;
    }
    if (state === State.Running) {
      this.become('running');
      return this.catchUp(client);
    }
    this.status = undefined;
    this.retrying.onStatus(undefined);
    if (state === State.Starting || (state === State.Stopped && client.willRestart)) {
      this.become('starting');
    } else {
      this.client = undefined;
      client.abandon();
      void this.giveUp(client);
    }
  }

  private async giveUp(client: Client): Promise<void> {
    const begun = this.numBegun;
    const reason = 'the server has ended, and could not be started again';
    this.become('failed', reason);
    const ending = await client.ending();
    // What was begun meanwhile has its own end.
    if (this.numBegun === begun && this.phase === 'failed') {
      this.fail(ending ? `${reason}: ${ending}` : reason, false);
    }
  }

  /** Tells a server what may have changed while it was being started. */
  private catchUp(client: Client): void {
    const settings = { glm: chosenSettings(this.context) };
    const told = [client.sendNotification('workspace/didChangeConfiguration', { settings })];
    if (vscode.workspace.isTrusted) {
      told.push(client.sendNotification('glm/didChangeTrust', { trusted: true }));
    }
    Promise.all(told).catch((error: unknown) => this.log.warn(words(error)));
  }

  private fail(reason: string, isMissing: boolean): void {
    this.become('failed', reason);
    this.log.error(reason);
    if (this.told !== reason) {
      this.told = reason;
      this.numTold++;
      this.remedy(reason, isMissing).catch((error: unknown) => this.log.error(words(error)));
    }
  }

  private become(phase: Phase, failure?: string): void {
    this.phase = phase;
    this.failure = failure;
    this.changed.fire();
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
