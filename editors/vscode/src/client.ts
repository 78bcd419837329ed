import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';

import {
  CloseAction,
  type CloseHandlerResult,
  type ErrorHandler,
  InlineCompletionRequest,
  LanguageClient,
  type LanguageClientOptions,
  type MessageTransports,
  type ServerOptions,
} from 'vscode-languageclient/node';

import { ending } from './ending';

/** A server answers within a second or two, long before it has its model; longer on a machine that has just woken. */
const PATIENCE_MS = 60_000;
const LATE = `it did not answer within ${PATIENCE_MS / 1000} s`;
/** From the end of a connection to that of the process. */
const GRACE_MS = 1000;

/** A client that leaves it to its maker to say that the server does not run; its log holds all the rest. */
export class Client extends LanguageClient {
  /** Whether a server that has just ended is started again. */
  willRestart = false;
  isAbandoned = false;
  private hasStarted = false;
  private isLate = false;
  /** The library forgets its process as soon as the connection has ended, whether it has ended or not. */
  private child: ChildProcess | undefined;
  private ended: Promise<string> | undefined;

  constructor(server: ServerOptions, options: LanguageClientOptions) {
    let usual: ErrorHandler | undefined;
    const handler = () => (usual ??= this.createDefaultErrorHandler());
    super('glm', 'GLM', server, {
      ...options,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: (error, message, count) => handler().error(error, message, count),
        closed: async (): Promise<CloseHandlerResult> => {
          // What ends before it has answered will do so again.
          const result = this.hasStarted && !this.isAbandoned ? await handler().closed() : { action: CloseAction.DoNotRestart };
          this.willRestart = result.action === CloseAction.Restart;
          return { ...result, handled: true };
        },
      },
    });
  }

  /** Ends a server that cannot be asked to end, as it has not answered yet. */
  abandon(): void {
    this.isAbandoned = true;
    this.child?.kill('SIGKILL');
  }

  /**
   * Has VS Code ask for ghost text again where it has asked by hand, in the same text, and there was none.
   *
   * It remembers such an answer as long as it has the same sources to ask: so this becomes another one.
   */
  becomeAnotherSource(): void {
    const feature = this.getFeature(InlineCompletionRequest.method);
    const { documentSelector } = this.clientOptions;
    if (feature && documentSelector) {
      feature.clear();
      feature.register({ id: randomUUID(), registerOptions: { documentSelector } });
    }
  }

  /** How the server ended that was started last, in words for a person; undefined if it has not. */
  async ending(): Promise<string | undefined> {
    if (this.isLate) {
      return LATE;
    }
    const notYet = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), GRACE_MS));
    return Promise.race([this.ended, notYet]);
  }

  /** Starts the server. Returns why it did not answer, in words for a person; undefined if it did. */
  async launch(signal: AbortSignal): Promise<string | undefined> {
    signal.addEventListener('abort', () => this.abandon());
    try {
      await this.start();
      return undefined;
    } catch (error) {
      const fault = (await this.ending()) ?? (error instanceof Error ? error.message : String(error));
      this.abandon();
      return fault;
    }
  }

  protected override async createMessageTransports(encoding: string): Promise<MessageTransports> {
    // One that has only closed its connection would stay beside the next one.
    this.child?.kill('SIGKILL');
    const transports = await super.createMessageTransports(encoding);
    this.child = this.serverProcess;
    this.ended = this.child && ending(this.child);
    if (this.isAbandoned) {
      // That was before there was a process to end.
      this.abandon();
    }
    return transports;
  }

  override async start(): Promise<void> {
    if (this.isAbandoned) {
      throw new Error('this server is not wanted any more');
    }
    this.willRestart = false;
    const late = setTimeout(() => {
      this.isLate = true;
      this.abandon();
    }, PATIENCE_MS);
    try {
      await super.start();
    } finally {
      clearTimeout(late);
    }
    this.hasStarted = true;
  }

  /** Has the server end by itself, and ends it where it does not. */
  async leave(): Promise<void> {
    try {
      await this.stop();
    } finally {
      if (this.child?.exitCode === null && (await this.ending()) === undefined) {
        this.abandon();
      }
    }
  }

  override error(message: string, data?: unknown, showNotification?: boolean | 'force'): void {
    super.error(message, data, this.hasStarted && !this.isAbandoned ? showNotification : false);
  }
}
