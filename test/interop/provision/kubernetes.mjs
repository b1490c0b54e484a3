// The control plane out of the module k8s.io/kubernetes, which asks to be built inside its own tree: its staging modules are
// replaced here by what is published of them.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { go, goModule } from './go.mjs';

const MODULE = 'k8s.io/kubernetes';

/** One program of one release of Kubernetes, such as `kube-apiserver` of `v1.34.4`. */
export function kubernetesProgram(name, version) {
  return {
    name,
    version,
    files: [name],
    verb: 'built',
    make: ({ scratch, finished }) => buildProgram({ name, version, scratch, finished }),
  };
}

async function buildProgram({ name, version, scratch, finished }) {
  const { folder, goMod } = await goModule(MODULE, version, scratch);
  const wrapper = join(scratch, 'wrapper');
  mkdirSync(wrapper);
  writeFileSync(join(wrapper, 'go.mod'), wrapperModule(readFileSync(goMod, 'utf8'), version));
  // The checksums that the release was tested with; those of the staging modules come on top.
  writeFileSync(join(wrapper, 'go.sum'), readFileSync(join(folder, 'go.sum')));
  writeFileSync(
    join(wrapper, 'tools.go'),
    `//go:build tools\n\npackage tools\n\nimport _ "${MODULE}/cmd/${name}"\n`,
  );
  const output = join(finished, name);
  await go(
    ['build', '-mod=mod', '-trimpath', '-ldflags', linkerFlags(version), '-o', output, packageOf(name)],
    {
      cwd: wrapper,
    },
  );
}

function packageOf(name) {
  return `${MODULE}/cmd/${name}`;
}

/** The go.mod of the release, with its requirements as they are, requiring the release itself. */
export function wrapperModule(goMod, version) {
  const staging = version.replace(/^v1\./, 'v0.');
  const replaced = goMod
    .replace(/^module .*$/m, 'module connaisseur.invalid/control-plane')
    .replaceAll(/=> \.\/staging\/src\/(\S+)/g, `=> $1 ${staging}`);
  return `${replaced}\nrequire ${MODULE} ${version}\n`;
}

function linkerFlags(version) {
  const [major, minor] = version.slice(1).split('.');
  const facts = { gitVersion: version, gitMajor: major, gitMinor: minor };
  const set = Object.entries(facts).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  );
  return ['-s -w', ...set].join(' ');
}
