/** A user of a kubeconfig, as `users[0].user` has it. */
export type KubeconfigUser = Readonly<Record<string, string>>;

export function certificateUser(certPem: string, keyPem: string): KubeconfigUser {
  return { 'client-certificate-data': base64(certPem), 'client-key-data': base64(keyPem) };
}

export function tokenUser(token: string): KubeconfigUser {
  return { token };
}

/** A kubeconfig with one cluster, one user and one context, in JSON, which every client reads. */
export function kubeconfigText(parts: {
  readonly server: string;
  readonly caPem: string;
  readonly user: KubeconfigUser;
  readonly namespace?: string;
}): string {
  const { server, caPem, user, namespace = 'default' } = parts;
  return JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(caPem) } }],
      users: [{ name: 'test', user }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace } }],
      'current-context': 'test',
    },
    undefined,
    2,
  );
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
