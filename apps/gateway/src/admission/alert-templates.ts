import type { AlertSender, TemplateFiles } from '#alerts';
import type { Logger } from '#observability';
import type { HttpTransport } from '#registry';

/** One attempt of a mandatory alert, ms: the admission's deadline ends it sooner. */
const ALERT_TIMEOUT_MS = 3_000;

export interface AlertTemplatesOptions {
  readonly directory: string | undefined;
  readonly files: TemplateFiles;
  readonly transport: HttpTransport;
  readonly log: Logger;
}

/** The sender of mandatory alerts with the templates of now. Most gateways have none to send, and load nothing for them. */
export class AlertTemplates {
  readonly #options: AlertTemplatesOptions;
  #sender: Promise<AlertSender> | undefined;

  constructor(options: AlertTemplatesOptions) {
    this.#options = options;
  }

  /** Loaded and read when somebody first asks for it. Does not reject for templates that cannot be read. */
  sender(): Promise<AlertSender> {
    return (this.#sender ??= this.#read(undefined));
  }

  /** Reads the templates again. Those that cannot be read just now do not replace the ones in force, and nobody waits for it. */
  async reload(): Promise<void> {
    const sender = await this.#read(this.#sender);
    this.#sender = Promise.resolve(sender);
  }

  async #read(before: Promise<AlertSender> | undefined): Promise<AlertSender> {
    const { directory, files, transport, log } = this.#options;
    const { AlertSender: Sender, readTemplates, TemplateCatalogue } = await import('#alerts');
    const senderWith = (templates: InstanceType<typeof TemplateCatalogue>): AlertSender =>
      new Sender({ templates, transport, timeoutMs: ALERT_TIMEOUT_MS, now: Date.now });
    if (directory === undefined) return senderWith(TemplateCatalogue.EMPTY);
    try {
      const catalogue = new TemplateCatalogue(await readTemplates(directory, files));
      for (const { code, file, message } of catalogue.findings) log.warn({ code, file }, message);
      return senderWith(catalogue);
    } catch (error) {
      log.warn({ err: error, directory }, 'alert templates cannot be read');
      return (await before) ?? senderWith(TemplateCatalogue.EMPTY);
    }
  }
}
