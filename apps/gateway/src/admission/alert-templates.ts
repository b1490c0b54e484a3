import { AlertSender, readTemplates, TemplateCatalogue, type TemplateFiles } from '#alerts';
import type { Logger } from '#observability';
import type { HttpTransport } from '#registry';

/** One attempt of a mandatory alert, ms: the admission's deadline ends it sooner. */
const ALERT_TIMEOUT_MS = 3_000;

/** The sender of mandatory alerts with the templates of now. */
export class AlertTemplates {
  readonly #options: {
    readonly directory: string | undefined;
    readonly files: TemplateFiles;
    readonly transport: HttpTransport;
    readonly log: Logger;
  };
  #sender: AlertSender;

  constructor(options: {
    directory: string | undefined;
    files: TemplateFiles;
    transport: HttpTransport;
    log: Logger;
  }) {
    this.#options = options;
    this.#sender = this.#senderWith(TemplateCatalogue.EMPTY);
  }

  get sender(): AlertSender {
    return this.#sender;
  }

  /** Reads the templates again. Those that cannot be read just now do not replace the ones in force. Does not reject. */
  async reload(): Promise<void> {
    const { directory, files, log } = this.#options;
    if (directory === undefined) return;
    try {
      const catalogue = new TemplateCatalogue(await readTemplates(directory, files));
      for (const { code, file, message } of catalogue.findings) log.warn({ code, file }, message);
      this.#sender = this.#senderWith(catalogue);
    } catch (error) {
      log.warn({ err: error, directory }, 'alert templates cannot be read');
    }
  }

  #senderWith(templates: TemplateCatalogue): AlertSender {
    const { transport } = this.#options;
    return new AlertSender({ templates, transport, timeoutMs: ALERT_TIMEOUT_MS, now: Date.now });
  }
}
