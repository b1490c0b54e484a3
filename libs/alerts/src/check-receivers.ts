import type { AlertingConfig, Finding, ReceiverConfig } from '#config';

import type { TemplateCatalogue } from './template-catalogue.js';

/** One thing that can be wrong with a receiver, and what it means. */
interface ReceiverCheck {
  readonly severity: Finding['severity'];
  readonly code: string;
  readonly field: 'template' | 'priority' | 'receiverUrl';
  readonly message: string;
  readonly applies: (receiver: ReceiverConfig, url: URL | null, catalogue: TemplateCatalogue) => boolean;
}

const CHECKS: readonly ReceiverCheck[] = [
  {
    severity: 'error',
    code: 'alert-template-missing',
    field: 'template',
    message:
      'expected the name of a usable template in the alerts directory; its alerts cannot be sent until there is one',
    applies: ({ template }, _url, catalogue) => catalogue.get(template) === undefined,
  },
  {
    severity: 'warning',
    code: 'alert-priority',
    field: 'priority',
    message: 'expected 1 to 5 for Opsgenie; other priorities are refused by the receiver',
    applies: ({ template, priority }) => template === 'opsgenie' && (priority < 1 || priority > 5),
  },
  {
    severity: 'warning',
    code: 'alert-plain-http',
    field: 'receiverUrl',
    message: 'expected https: alerts and their credentials travel unencrypted',
    applies: (_receiver, url) => url?.protocol === 'http:',
  },
  {
    severity: 'warning',
    code: 'alert-teams-connector',
    field: 'receiverUrl',
    message:
      'connectors of Office 365 were retired in May 2026; create a workflow in Teams and use its address',
    applies: (_receiver, url) => /(?:^|\.)webhook\.office\.com$/.test(url?.hostname ?? ''),
  },
  {
    severity: 'warning',
    code: 'alert-opsgenie-end',
    field: 'receiverUrl',
    message:
      'Opsgenie ends on 5 April 2027; Jira Service Management takes the same template at api.atlassian.com',
    applies: (_receiver, url) => /^api(?:\.eu)?\.opsgenie\.com$/.test(url?.hostname ?? ''),
  },
];

/** What receivers and templates together show; for `connaisseur lint` and the log at load. No finding has a part of a URL. */
export function checkReceivers(alerting: AlertingConfig, catalogue: TemplateCatalogue): readonly Finding[] {
  return (['admit', 'reject'] as const).flatMap((list) =>
    alerting[list].flatMap((receiver, index) => {
      const url = URL.parse(receiver.receiverUrl.reveal());
      return CHECKS.filter(({ applies }) => applies(receiver, url, catalogue)).map(
        ({ severity, code, field, message }) => {
          const path = `alerting.${list}Request.receivers[${index}].${field}`;
          return { severity, code, file: '', line: 0, column: 0, path, message };
        },
      );
    }),
  );
}
