import {
  CloseAction,
  type CloseHandlerResult,
  type ErrorHandler,
  LanguageClient,
  type LanguageClientOptions,
  type ServerOptions,
} from 'vscode-languageclient/node';

/** A client that leaves it to its maker to say that the server cannot be started; its log holds all the rest. */
export class Client extends LanguageClient {
  private hasStarted = false;

  constructor(server: ServerOptions, options: LanguageClientOptions) {
    let usual: ErrorHandler | undefined;
    const handler = () => (usual ??= this.createDefaultErrorHandler());
    super('glm', 'GLM', server, {
      ...options,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: (error, message, count) => handler().error(error, message, count),
        // What ends before it has answered will do so again.
        closed: (): CloseHandlerResult | Promise<CloseHandlerResult> =>
          this.hasStarted ? handler().closed() : { action: CloseAction.DoNotRestart, handled: true },
      },
    });
  }

  override async start(): Promise<void> {
    await super.start();
    this.hasStarted = true;
  }

  override error(message: string, data?: unknown, showNotification?: boolean | 'force'): void {
    super.error(message, data, this.hasStarted ? showNotification : false);
  }
}
