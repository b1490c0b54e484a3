import type { Profile } from './profile.js';

/** Keys that hold an identifier or an address: markup there would change what it names. */
const ADDRESS = /\/(?:type|url|uri|image_url|contentUrl|contentType|\$schema|block_id|action_id|style)$/;

/** https://docs.slack.dev/reference/block-kit/blocks and …/messaging/sending-messages-using-incoming-webhooks */
const SLACK: Profile = {
  name: 'slack',
  hosts: /^hooks\.slack(?:-gov)?\.com$/,
  templates: ['slack'],
  markup: 'mrkdwn',
  places: [
    { path: ADDRESS, markup: 'plain' },
    { within: 'plain_text', markup: 'plain' },
  ],
  limits: [
    { path: /^\/blocks$/, maxItems: 50 },
    { path: /^\/blocks\/\d+\/fields$/, maxItems: 10 },
    { path: /^\/blocks\/\d+\/elements$/, maxItems: 10 },
    { path: /\/fields\/\d+\/text$/, maxCharacters: 2000 },
    { path: /\/text$/, within: 'header', maxCharacters: 150 },
    { path: /\/elements\/\d+\/text\/text$/, maxCharacters: 75 },
    { path: /\/block_id$/, maxCharacters: 255 },
    { path: /\/(?:url|image_url)$/, maxCharacters: 3000 },
    { path: /./, maxCharacters: 3000 },
  ],
  maxBodyBytes: 10_000,
  rate: { max: 1, durationMs: 1000 },
  success: 'slack-ok',
  faults: new Map([
    ['invalid_payload', 'the template is not what Slack expects; check its blocks'],
    ['invalid_blocks', 'a block of the template is not valid; check it in Slack’s Block Kit Builder'],
    ['no_text', 'the template lacks "text"; add it'],
    ['msg_blocks_too_long', 'the message is too long; shorten the template'],
    ['user_not_found', 'the user of the webhook is gone; create a new webhook'],
    ['action_prohibited', 'an administrator of the workspace forbids it; ask for permission'],
    ['invalid_token', 'the webhook was revoked; create a new one'],
    ['posting_to_general_channel_denied', 'the webhook may not post to #general; choose another channel'],
    ['channel_not_found', 'the channel is gone; create a new webhook'],
    ['no_service', 'the Slack app or the webhook was removed; create a new one'],
    ['no_team', 'the Slack workspace is gone; create a new webhook'],
    ['channel_is_archived', 'the channel is archived; unarchive it or create a new webhook'],
  ]),
};

/** https://docs.opsgenie.com/docs/alert-api; Jira Service Management takes the same body. */
const OPSGENIE: Profile = {
  name: 'opsgenie',
  hosts: /^api(?:\.eu)?\.opsgenie\.com$|^api\.atlassian\.com$/,
  templates: ['opsgenie', 'jsm-ops'],
  markup: 'angle',
  places: [],
  limits: [
    { path: /^\/message$/, maxCharacters: 130 },
    { path: /^\/alias$/, maxCharacters: 512 },
    { path: /^\/description$/, maxCharacters: 15_000 },
    { path: /^\/entity$/, maxCharacters: 512 },
    { path: /^\/source$/, maxCharacters: 100 },
    { path: /^\/user$/, maxCharacters: 100 },
    { path: /^\/note$/, maxCharacters: 25_000 },
    { path: /^\/tags$/, maxItems: 20 },
    { path: /^\/tags\/\d+$/, maxCharacters: 50 },
    { path: /^\/actions$/, maxItems: 10 },
    { path: /^\/(?:responders|visibleTo)$/, maxItems: 50 },
    // All details together may have 8 000 characters; eight of ours stay below.
    { path: /^\/details\//, maxCharacters: 900 },
  ],
  maxBodyBytes: 64 * 1024,
  rate: { max: 5, durationMs: 1000 },
  success: 'status',
  faults: new Map(),
};

/** The webhook bot answers 200 whatever happens; it takes one request in a second from one address. */
const KEYBASE: Profile = {
  name: 'keybase',
  hosts: /^bots\.keybase\.io$/,
  templates: ['keybase'],
  markup: 'keybase',
  places: [],
  limits: [{ path: /^\/msg$/, maxCharacters: 9000 }],
  maxBodyBytes: 40_000,
  rate: { max: 1, durationMs: 1000 },
  success: 'status',
  faults: new Map(),
};

/** Workflows take about 28 KB and four requests in a second: https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/ */
const MSTEAMS: Profile = {
  name: 'msteams',
  hosts: /(?:^|\.)(?:webhook\.office\.com|logic\.azure\.com|environment\.api\.powerplatform\.com)$/,
  templates: ['msteams', 'msteams-messagecard'],
  markup: 'markdown',
  places: [
    { path: ADDRESS, markup: 'plain' },
    { within: 'TextRun', markup: 'plain' },
  ],
  limits: [{ path: /./, maxCharacters: 4000 }],
  maxBodyBytes: 21_000,
  rate: { max: 3, durationMs: 1000 },
  success: 'status',
  faults: new Map(),
};

/** Elastic Common Schema for a machine: JSON is the only syntax. Lucene refuses a keyword above 32 766 bytes. */
const ECS: Profile = {
  name: 'ecs',
  hosts: undefined,
  templates: ['ecs-1-12-0', 'ecs'],
  markup: 'none',
  places: [],
  limits: [{ path: /./, maxCharacters: 8000 }],
  maxBodyBytes: 256 * 1024,
  rate: { max: 500, durationMs: 1000 },
  success: 'status',
  faults: new Map(),
};

export const PROFILES: readonly Profile[] = [SLACK, OPSGENIE, KEYBASE, MSTEAMS, ECS];
