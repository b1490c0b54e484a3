import { expect, test } from 'vitest';

import { connaisseurName, parseImageReference } from './index.js';

const D = `sha256:${'0123456789abcdef'.repeat(4)}`;

/** Executed with Connaisseur 3.10's own parser; rows with `differs` are the intended differences. */
test.for([
  { name: 'a short name', text: 'nginx', expected: 'index.docker.io/library/nginx:latest' },
  { name: 'a digest alone', text: `nginx@${D}`, expected: `index.docker.io/library/nginx@${D}` },
  { name: 'tag and digest', text: `nginx:1@${D}`, expected: `index.docker.io/library/nginx:1@${D}` },
  { name: 'docker.io', text: 'docker.io/nginx:1', expected: 'index.docker.io/library/nginx:1' },
  { name: 'index.docker.io', text: 'index.docker.io/nginx:1', expected: 'index.docker.io/library/nginx:1' },
  { name: 'a namespace', text: `docker.io/org/app:1@${D}`, expected: `index.docker.io/org/app:1@${D}` },
  { name: 'nested', text: 'a/b/c/d', expected: 'index.docker.io/a/b/c/d:latest' },
  { name: 'a registry', text: `reg.io:5000/app:1@${D}`, expected: `reg.io:5000/app:1@${D}` },
  { name: 'localhost with a port', text: 'localhost:5000/app', expected: 'localhost:5000/app:latest' },
  { name: 'localhost', text: 'localhost/app:1', expected: 'index.docker.io/localhost/app:1' },
  { name: 'IPv6', text: '[::1]:5000/app', expected: '[::1]:5000/app:latest' },
  { name: 'a name with a dot', text: 'example.com', expected: 'index.docker.io/library/example.com:latest' },
  {
    name: 'differs: docker.io, digest',
    text: `docker.io/nginx@${D}`,
    expected: `index.docker.io/library/nginx@${D}`,
  },
  {
    name: 'differs: docker.io, both',
    text: `docker.io/app:1@${D}`,
    expected: `index.docker.io/library/app:1@${D}`,
  },
  {
    name: 'differs: an alias',
    text: 'registry-1.docker.io/library/app',
    expected: 'index.docker.io/library/app:latest',
  },
  { name: 'differs: capitals, :443', text: 'MyReg.IO:443/app:Tag', expected: 'myreg.io/app:Tag' },
  { name: 'differs: one letter', text: 'ghcr.io/x', expected: 'ghcr.io/x:latest' },
])('$name', ({ text, expected }) => {
  const image = parseImageReference(text);
  expect(connaisseurName(image)).toBe(expected);
  // R45: the name is the same for whoever only has the canonical form.
  expect(connaisseurName(parseImageReference(image.toString()))).toBe(expected);
});
