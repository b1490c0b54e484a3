import type { Yaml } from './helm.js';

/** Volumes that Pod Security "restricted" takes. */
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];
/** Namespaces and ports of the host. */
const HOST = ['hostNetwork', 'hostPID', 'hostIPC'];

/** What of a pod breaks the Pod Security Standard "restricted" (kubernetes.io, v1.34); nothing where it is kept. */
export function restrictedViolations(spec: Yaml): string[] {
  const pod = spec.securityContext ?? {};
  const containers = [
    ...spec.containers,
    ...(spec.initContainers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ];
  return [
    ...HOST.filter((key) => spec[key] === true),
    ...(spec.volumes ?? []).flatMap((volume: Yaml) => {
      const kinds = Object.keys(volume).filter((key) => key !== 'name');
      return kinds.length === 1 && VOLUMES.includes(kinds[0] ?? '')
        ? []
        : [`volume ${volume.name}: ${kinds.join(', ')}`];
    }),
    ...(pod.sysctls === undefined ? [] : ['sysctls']),
    ...(pod.runAsUser === 0 ? ['runAsUser 0'] : []),
    ...containers.flatMap((container) =>
      containerViolations(container, pod).map((what) => `${container.name}: ${what}`),
    ),
  ];
}

function containerViolations(container: Yaml, pod: Yaml): string[] {
  const own = container.securityContext ?? {};
  const { add = [], drop = [] } = own.capabilities ?? {};
  const rules: [string, boolean][] = [
    ['privileged', own.privileged !== true],
    ['allowPrivilegeEscalation', own.allowPrivilegeEscalation === false],
    ['runAsNonRoot', (own.runAsNonRoot ?? pod.runAsNonRoot) === true],
    ['runAsUser', (own.runAsUser ?? pod.runAsUser) !== 0],
    ['runAsGroup', (own.runAsGroup ?? pod.runAsGroup) !== 0],
    ['capabilities', drop.includes('ALL') && add.every((name: string) => name === 'NET_BIND_SERVICE')],
    [
      'seccompProfile',
      ['RuntimeDefault', 'Localhost'].includes((own.seccompProfile ?? pod.seccompProfile)?.type),
    ],
    ['procMount', (own.procMount ?? 'Default') === 'Default'],
    ['hostPort', (container.ports ?? []).every(({ hostPort }: Yaml) => hostPort === undefined)],
    // Beyond the standard: nothing is written but to volumes with a limit.
    ['readOnlyRootFilesystem', own.readOnlyRootFilesystem === true],
  ];
  return rules.filter(([, ok]) => !ok).map(([name]) => name);
}
