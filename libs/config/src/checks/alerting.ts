import type { AlertingConfig, ReceiverConfig } from '../configuration.js';
import type { Report } from '../report.js';
import { AlertingSchema, type ReceiverInput, ReceiverSchema } from '../schema/alerting.js';
import { valueAt } from '../schema/data.js';
import { salvage, salvageItems } from '../schema/salvage.js';
import type { Section } from '../sections.js';
import { Secret } from '../secret.js';

import { receiverUrlAt } from './host.js';

/** Receivers by stream, secrets wrapped. Takes the section as it was read, so that one mistake hides no other. */
export function checkAlerting(section: Section | undefined): AlertingConfig {
  const receiversOf = (stream: 'admitRequest' | 'rejectRequest'): readonly ReceiverConfig[] => {
    if (section === undefined) return [];
    return salvageItems(ReceiverSchema, valueAt(section.value, [stream, 'receivers'])).map(
      ([index, receiver]) => checkReceiver(receiver, index, section.report.at(stream, 'receivers', index)),
    );
  };
  const { clusterIdentifier } = salvage(AlertingSchema, section?.value) ?? AlertingSchema.parse({});
  return { clusterIdentifier, admit: receiversOf('admitRequest'), reject: receiversOf('rejectRequest') };
}

function checkReceiver(input: ReceiverInput, index: number, report: Report): ReceiverConfig {
  const url = receiverUrlAt(input.receiverUrl, report, ['receiverUrl']);
  if (url !== undefined && /^api(?:\.[a-z]+)?\.opsgenie\.com$/.test(url.hostname)) {
    const message =
      'Opsgenie’s API ends on 5 April 2027: use api.atlassian.com/jsm/ops/integration/v2/alerts';
    report.warning('service-ends', message, ['receiverUrl']);
  }
  return {
    name: `${input.template}-${index}`,
    template: input.template,
    receiverUrl: new Secret(url?.href ?? input.receiverUrl),
    priority: input.priority,
    customHeaders: (input.customHeaders ?? []).flatMap((line, place) =>
      checkHeader(line, report.at('customHeaders', place)),
    ),
    payloadFields: input.payloadFields,
    failIfAlertSendingFails: input.failIfAlertSendingFails,
  };
}

/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110, 5.5: visible characters, blanks and tabs on one line; beyond Latin-1 there is no encoding. */
const FIELD_LINE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** These frame the message; the HTTP client writes them. */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

function checkHeader(line: string, report: Report): ReceiverConfig['customHeaders'] {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(0, colon)).trim();
  if (!FIELD_LINE.test(line))
    report.error('header', 'expected a header on one line, without control characters');
  else if (colon < 0) report.error('header', 'expected a header as "Name: value", got no ":"');
  else if (!TOKEN.test(name)) report.error('header', 'expected a header name of letters, digits and "-"');
  else if (FRAMING.has(name.toLowerCase()))
    report.error('header', `header ${name} is set by the client: remove it`);
  else return [{ name, value: new Secret(line.slice(colon + 1).trim()) }];
  return [];
}
