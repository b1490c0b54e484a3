import { expect, test } from 'vitest';

import { keychainEnvironment } from './environment.js';

test('the SDKs see their own variables and nothing else', () => {
  const theirs = {
    AWS_ROLE_ARN: 'r',
    AWS_WEB_IDENTITY_TOKEN_FILE: '/t',
    AZURE_FEDERATED_TOKEN_FILE: '/f',
    GOOGLE_APPLICATION_CREDENTIALS: '/g',
    GCE_METADATA_HOST: 'h',
    IDENTITY_ENDPOINT: 'i',
  };
  const others = {
    REDIS_PASSWORD: 'p',
    HTTPS_PROXY: 'x',
    NODE_OPTIONS: '-r y',
    XAWS_A: '1',
    aws_region: 'z',
  };
  expect(keychainEnvironment({ ...theirs, ...others })).toEqual(theirs);
});
