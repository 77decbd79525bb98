import { inviteLink } from './invite-link.js';

/** The collectors RIPE RIS ran in 2026 (ris.ripe.net/docs/route-collectors): what COLLECTORS=all stands for. */
export const allCollectors: readonly string[] = [
  '00', '01', '03', '04', '05', '06', '07', '10', '11', '12', '13', '14', '15', '16', '18', '19', '20', '21', '22', '23', '24', '25', '26',
].map((number) => `rrc${number}`);

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Everything that comes from the environment alone. */
export interface Variables {
  /** null: tell the terminal. */
  readonly discord: { readonly token: string; readonly channelId: string } | null;
  /** Without a trailing slash and without the version. */
  readonly discordApiUrl: string;
  /** null: the embedded store in dataDir. */
  readonly redisUrl: string | null;
  readonly dataDir: string;
  readonly risLiveUrl: string;
  /** Without a trailing slash. */
  readonly risArchiveUrl: string;
  /** null: what collectors.json says. */
  readonly collectors: readonly string[] | null;
  readonly configDir: string;
  /** null: HTTP_PORT was 0. */
  readonly http: { readonly host: string; readonly port: number } | null;
  readonly logLevel: LogLevel;
}

/** `rrc` and two digits, as RIPE names them. */
export const collectorName = /^rrc\d\d$/;

/** Reads every variable; each fault is pushed to `problems`, naming the variable and the value received, secrets masked. */
export function parseVariables(env: Readonly<Record<string, string | undefined>>, problems: string[]): Variables {
  const given = (name: string): string | null => {
    const value = env[name]?.trim() ?? '';
    return value === '' ? null : value;
  };

  const url = (name: string, fallback: string, protocols: readonly string[]): string => {
    const value = given(name) ?? fallback;
    if (!protocols.includes(protocolOf(value))) {
      problems.push(`${name}: expected a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}, got "${maskUrl(value)}"`);
    }
    return value;
  };

  const openUrl = (name: string, fallback: string, protocols: readonly string[]): string => {
    const value = url(name, fallback, protocols);
    if (URL.canParse(value) && (new URL(value).username !== '' || new URL(value).password !== '')) {
      problems.push(`${name}: may hold no user or password (value not shown)`);
    }
    return value;
  };

  const redisUrl = given('REDIS_URL');
  if (redisUrl !== null && !/^rediss?:/.test(redisUrl)) url('REDIS_URL', '', ['redis:', 'rediss:']);
  else if (redisUrl !== null && !isRedisUrl(redisUrl)) {
    problems.push('REDIS_URL: expected redis://[user:password@]host[:port][/number]; a password must be percent-encoded (value not shown)');
  }
  const port = given('HTTP_PORT') ?? '8080';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) problems.push(`HTTP_PORT: expected a port from 1 to 65535, or 0 for none, got "${port}"`);
  const host = given('HTTP_HOST') ?? '127.0.0.1';
  const logLevel = given('LOG_LEVEL') ?? 'info';
  if (!isLogLevel(logLevel)) problems.push(`LOG_LEVEL: expected one of ${logLevels.join(', ')}, got "${logLevel}"`);

  return {
    discord: parseDiscord(given('DISCORD_TOKEN'), given('DISCORD_CHANNEL_ID'), problems),
    discordApiUrl: withoutSlash(url('DISCORD_API_URL', 'https://discord.com/api', ['http:', 'https:'])),
    redisUrl,
    dataDir: given('DATA_DIR') ?? './data',
    risLiveUrl: openUrl('RIS_LIVE_URL', 'wss://ris-live.ripe.net/v1/ws/', ['ws:', 'wss:']),
    risArchiveUrl: withoutSlash(openUrl('RIS_ARCHIVE_URL', 'https://data.ris.ripe.net', ['http:', 'https:'])),
    collectors: parseCollectors(given('COLLECTORS'), problems),
    configDir: given('CONFIG_DIR') ?? './config',
    http: Number(port) === 0 ? null : { host, port: Number(port) },
    logLevel: isLogLevel(logLevel) ? logLevel : 'info',
  };
}

/**
 * A `/`, `?` or `#` in a password that is not encoded ends the host, and the rest of the password becomes the path; an `@` before it
 * makes a piece of it the host. So nothing of such a URL is shown.
 */
function isRedisUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { username, password, hostname, pathname, search, hash } = new URL(value);
  const sound = hostname !== '' && /^(\/\d*)?$/.test(pathname) && !search.includes('@') && hash === '';
  return sound && decoded(username) !== null && decoded(password) !== null;
}

/** null: no percent-encoding. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** The password in a URL, as it is written there and as it is meant: neither may be seen. */
export function secretsOf(url: string): readonly string[] {
  const { password } = new URL(url);
  return [password, decoded(password) ?? ''].filter((secret) => secret !== '');
}

function parseDiscord(token: string | null, channelId: string | null, problems: string[]): Variables['discord'] {
  // Half a Discord would leave its owner waiting for alerts that go elsewhere, so it does not start.
  if (token === null && channelId !== null) {
    problems.push(`DISCORD_TOKEN: not set, but DISCORD_CHANNEL_ID is ("${channelId}"); set the bot's token, or neither to tell the terminal`);
  }
  if (token !== null && channelId === null) {
    const applicationId = applicationIdOf(token);
    const invite = applicationId === null ? '' : `; to bring the bot to your server: ${inviteLink(applicationId)}`;
    problems.push(`DISCORD_CHANNEL_ID: not set, but DISCORD_TOKEN is; set the id of the channel to tell, or neither to tell the terminal${invite}`);
  }
  if (token !== null && /\s/.test(token)) problems.push('DISCORD_TOKEN: expected the token alone, got one with blanks in it (its value is not shown)');
  if (channelId !== null && !/^\d{1,20}$/.test(channelId)) {
    problems.push(`DISCORD_CHANNEL_ID: expected a channel's id (digits only), got "${channelId}"`);
  }
  return token === null || channelId === null ? null : { token, channelId };
}

/** A bot token's first part is the bot's id in base64. Bots made before 2016 have another application id: Discord says the true one. */
function applicationIdOf(token: string): string | null {
  const id = Buffer.from(token.split('.', 1)[0], 'base64').toString('latin1');
  return /^\d{17,20}$/.test(id) ? id : null;
}

function parseCollectors(value: string | null, problems: string[]): readonly string[] | null {
  if (value === null) return null;
  if (value === 'all') return allCollectors;
  const names = [...new Set(value.split(',').map((name) => name.trim()))];
  const wrong = names.filter((name) => !collectorName.test(name));
  if (wrong.length > 0) {
    const shown = wrong.map((name) => `"${name}"`).join(', ');
    problems.push(`COLLECTORS: expected \`all\` or names like rrc00, separated by commas, got ${shown} in "${value}"`);
  }
  return names;
}

function isLogLevel(value: string): value is LogLevel {
  return (logLevels as readonly string[]).includes(value);
}

function protocolOf(value: string): string {
  return URL.canParse(value) ? new URL(value).protocol : '';
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

/** Credentials stand before the @, or in the query: neither is shown. */
export function maskUrl(value: string): string {
  return value.replace(/^([^/]*\/\/)?.*@/s, '$1***@').replace(/\?.*$/s, '?***');
}
