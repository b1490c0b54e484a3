import { expect, test } from 'vitest';

import { cloudRegistry } from './cloud-registry.js';

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

test.for([
  { host: ECR, is: { provider: 'aws', host: ECR, region: 'eu-west-1', fips: false } },
  {
    host: '123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com',
    is: { region: 'us-gov-west-1', fips: true },
  },
  { host: '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', is: { region: 'cn-north-1' } },
  { host: '123456789012.dkr.ecr.us-isob-east-1.amazonaws.com', is: { region: 'us-isob-east-1' } },
  { host: 'gcr.io', is: { provider: 'google' } },
  { host: 'eu.gcr.io', is: { provider: 'google' } },
  { host: 'europe-west3-docker.pkg.dev', is: { provider: 'google' } },
  { host: 'shop.azurecr.io', is: undefined },
  { host: 'theshop.azurecr.io', is: { provider: 'azure', host: 'theshop.azurecr.io' } },
  { host: 'theshop-a1b2c3.azurecr.io', is: { provider: 'azure' } },
  { host: 'theshop.azurecr.cn', is: { provider: 'azure' } },
  { host: 'theshop.azurecr.us', is: { provider: 'azure' } },
])('$host', ({ host, is }) => {
  if (is === undefined) expect(cloudRegistry(host)).toBeUndefined();
  else expect(cloudRegistry(host)).toMatchObject(is);
});

test.for([
  { name: 'a suffix', host: `${ECR}.evil.example` },
  { name: 'a prefix', host: `x${ECR}` },
  { name: 'a label before', host: `evil.${ECR}` },
  { name: 'a dash for a dot', host: '123456789012.dkr.ecr.eu-west-1-amazonaws.com' },
  { name: 'a region with a dot', host: '123456789012.dkr.ecr.eu-west-1.evil.amazonaws.com' },
  { name: 'a short account', host: '12345678901.dkr.ecr.eu-west-1.amazonaws.com' },
  { name: 'China without its suffix', host: '123456789012.dkr.ecr.cn-north-1.amazonaws.com' },
  { name: 'the suffix of China elsewhere', host: `${ECR}.cn` },
  { name: 'a port', host: `${ECR}:8443` },
  { name: 'a newline', host: `${ECR}\n` },
  { name: 'upper case, which no canonical host has', host: ECR.toUpperCase() },
  { name: 'gcr with more letters', host: 'evilgcr.io' },
  { name: 'gcr with a suffix', host: 'gcr.io.evil.example' },
  { name: 'gcr two labels deep', host: 'a.b.gcr.io' },
  { name: 'pkg.dev without docker', host: 'europe-west3.pkg.dev' },
  { name: 'docker.pkg.dev', host: 'docker.pkg.dev' },
  { name: 'pkg.dev with a suffix', host: 'europe-docker.pkg.dev.evil.example' },
  { name: 'acr with a suffix', host: 'theshop.azurecr.io.evil.example' },
  { name: 'acr two labels deep', host: 'a.theshop.azurecr.io' },
  { name: 'acr with more letters', host: 'theshop.evilazurecr.io' },
  { name: 'acr of another country', host: 'theshop.azurecr.de' },
  { name: 'public.ecr.aws', host: 'public.ecr.aws' },
  { name: 'Docker Hub', host: 'docker.io' },
])('G25 no cloud registry: $name', ({ host }) => {
  expect(cloudRegistry(host)).toBeUndefined();
});
