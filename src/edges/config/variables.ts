/** The collectors RIPE RIS ran in 2026 (ris.ripe.net/docs/route-collectors): what COLLECTORS=all stands for. */
export const allCollectors: readonly string[] = [
  '00',
  '01',
  '03',
  '04',
  '05',
  '06',
  '07',
  '10',
  '11',
  '12',
  '13',
  '14',
  '15',
  '16',
  '18',
  '19',
  '20',
  '21',
  '22',
  '23',
  '24',
  '25',
  '26',
].map((number) => `rrc${number}`);

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Named one by one, or a set of collectors.json. */
export type CollectorChoice =
  { readonly kind: 'list'; readonly names: readonly string[] } | { readonly kind: 'set'; readonly name: string };

/** Everything that comes from the environment alone. */
export interface Variables {
  /** null: tell the terminal. */
  readonly discord: {
    readonly token: string;
    /** Subscribed to everything at the first start; null: channels subscribe by command alone. */
    readonly channelId: string | null;
    /** Where the bot tells its operator of its own troubles; null: in the log alone. */
    readonly operatorChannelId: string | null;
    /** The server where the commands are registered while they are being made; null: everywhere. */
    readonly devGuildId: string | null;
  } | null;
  /** Without a trailing slash and without the version. */
  readonly discordApiUrl: string;
  /** null: the embedded store in dataDir. */
  readonly redisUrl: string | null;
  readonly dataDir: string;
  readonly risLiveUrl: string;
  /** Without a trailing slash. */
  readonly risArchiveUrl: string;
  /** Where the registry is to be had anew; null: REGISTRY_URL was off. */
  readonly registryUrl: string | null;
  readonly collectors: CollectorChoice;
  readonly configDir: string;
  /** null: HTTP_PORT was 0. */
  readonly http: { readonly host: string; readonly port: number } | null;
  readonly logLevel: LogLevel;
}

/** `rrc` and two digits, as RIPE names them. */
export const collectorName = /^rrc\d\d$/;

/** How a set of collectors.json may be called. */
export const setName = /^[a-z][a-z0-9-]*$/;

/**
 * Reads every variable; each fault is pushed to `problems`, naming the variable and the value received, secrets masked.
 */
export function parseVariables(env: Readonly<Record<string, string | undefined>>, problems: string[]): Variables {
  const given = (name: string): string | null => {
    const value = env[name]?.trim() ?? '';
    return value === '' ? null : value;
  };

  const url = (name: string, fallback: string, protocols: readonly string[]): string => {
    const value = given(name) ?? fallback;
    if (!protocols.includes(protocolOf(value))) {
      problems.push(
        `${name}: expected a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}, got ` +
          `"${maskUrl(value)}"`,
      );
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
    problems.push(
      'REDIS_URL: expected redis://[user:password@]host[:port][/number]; a password must be percent-encoded ' +
        '(value not shown)',
    );
  }
  const port = given('HTTP_PORT') ?? '8080';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    problems.push(`HTTP_PORT: expected a port from 1 to 65535, or 0 for none, got "${port}"`);
  const host = given('HTTP_HOST') ?? '127.0.0.1';
  const logLevel = given('LOG_LEVEL') ?? 'info';
  if (!isLogLevel(logLevel)) problems.push(`LOG_LEVEL: expected one of ${logLevels.join(', ')}, got "${logLevel}"`);

  return {
    discord: parseDiscord(given, problems),
    discordApiUrl: withoutSlash(url('DISCORD_API_URL', 'https://discord.com/api', ['http:', 'https:'])),
    redisUrl,
    dataDir: given('DATA_DIR') ?? './data',
    risLiveUrl: openUrl('RIS_LIVE_URL', 'wss://ris-live.ripe.net/v1/ws/', ['ws:', 'wss:']),
    risArchiveUrl: withoutSlash(openUrl('RIS_ARCHIVE_URL', 'https://data.ris.ripe.net', ['http:', 'https:'])),
    registryUrl:
      given('REGISTRY_URL') === 'off'
        ? null
        : openUrl('REGISTRY_URL', 'https://ftp.ripe.net/pub/stats/ripencc/nro-stats/latest/nro-delegated-stats', [
            'http:',
            'https:',
          ]),
    collectors: parseCollectors(given('COLLECTORS'), problems),
    configDir: given('CONFIG_DIR') ?? './config',
    http: Number(port) === 0 ? null : { host, port: Number(port) },
    logLevel: isLogLevel(logLevel) ? logLevel : 'info',
  };
}

/**
 * A `/`, `?` or `#` in a password that is not encoded ends the host, and the rest of the password becomes the path; an
 * `@` before it makes a piece of it the host. So nothing of such a URL is shown.
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

function parseDiscord(given: (name: string) => string | null, problems: string[]): Variables['discord'] {
  const token = given('DISCORD_TOKEN');
  const id = (name: string, what: string): string | null => {
    const value = given(name);
    // Half a Discord would leave its owner waiting for alerts that go elsewhere, so it does not start.
    if (value !== null && token === null) {
      problems.push(
        `DISCORD_TOKEN: not set, but ${name} is ("${value}"); set the bot's token, or neither to tell the terminal`,
      );
    }
    if (value !== null && !/^\d{1,20}$/.test(value))
      problems.push(`${name}: expected a ${what}'s id (digits only), got "${value}"`);
    return value;
  };
  const channelId = id('DISCORD_CHANNEL_ID', 'channel');
  const operatorChannelId = id('OPERATOR_CHANNEL_ID', 'channel');
  const devGuildId = id('DISCORD_DEV_GUILD_ID', 'server');
  if (token !== null && /\s/.test(token))
    problems.push('DISCORD_TOKEN: expected the token alone, got one with blanks in it (its value is not shown)');
  return token === null ? null : { token, channelId, operatorChannelId, devGuildId };
}

function parseCollectors(value: string | null, problems: string[]): CollectorChoice {
  if (value === null) return { kind: 'set', name: 'default' };
  if (value === 'all') return { kind: 'list', names: allCollectors };
  if (setName.test(value) && !collectorName.test(value)) return { kind: 'set', name: value };
  const names = [...new Set(value.split(',').map((name) => name.trim()))];
  const wrong = names.filter((name) => !collectorName.test(name));
  if (wrong.length > 0) {
    const shown = wrong.map((name) => `"${name}"`).join(', ');
    problems.push(
      `COLLECTORS: expected \`all\`, a set of collectors.json, or names like rrc00, separated by commas, got ` +
        `${shown} in "${value}"`,
    );
  }
  return { kind: 'list', names };
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
