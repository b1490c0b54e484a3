/** How this program is called from where the user is; the launcher knows. */
export const PROGRAM = process.env['CONNAISSEUR_PROGRAM'] ?? 'connaisseur';

/** The command that shows an instance's decisions. Never with a password. */
export function watchLine({ redisUrl, keysDirectory, cluster }: WatchedInstance): string {
  return `${PROGRAM} watch --redis-url ${withoutPassword(redisUrl)} --keys ${keysDirectory} --cluster-id ${cluster}`;
}

export interface WatchedInstance {
  readonly redisUrl: string;
  readonly keysDirectory: string;
  readonly cluster: string;
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//***@');
}
