import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { inviteLink, loadConfig, loadRuleFiles, secretsOf, type Config } from '../../../src/edges/config/index.js';

const shipped = (path: string): string | null => (existsSync(path) ? readFileSync(path, 'utf8') : null);
const token = `${Buffer.from('123456789012345678').toString('base64')}.abc.topsecret`;

function problemsOf(env: Record<string, string>, files: Record<string, string | null> = {}): readonly string[] {
  const loaded = loadConfig(env, (path) => (path in files ? files[path]! : shipped(path)));
  return loaded.kind === 'invalid' ? loaded.problems : [];
}

function configOf(env: Record<string, string>): Config {
  const loaded = loadConfig(env, shipped);
  assert.equal(loaded.kind, 'ok', loaded.kind === 'invalid' ? loaded.problems.join('\n') : '');
  return (loaded as { config: Config }).config;
}

describe('a start with nothing set', () => {
  test('watches RIS, tells the terminal, remembers in ./data', () => {
    const { rules, countries, collectors, ...rest } = configOf({});
    assert.deepEqual(rest, {
      discord: null,
      discordApiUrl: 'https://discord.com/api',
      redisUrl: null,
      dataDir: './data',
      risLiveUrl: 'wss://ris-live.ripe.net/v1/ws/',
      risArchiveUrl: 'https://data.ris.ripe.net',
      registryUrl: 'https://ftp.ripe.net/pub/stats/ripencc/nro-stats/latest/nro-delegated-stats',
      configDir: './config',
      http: { host: '127.0.0.1', port: 8080 },
      logLevel: 'info',
    });
    assert.ok(collectors.includes('rrc00') && collectors.length >= 3, collectors.join());
    assert.ok(
      Object.isFrozen(rules) && Object.isFrozen(countries) && Object.isFrozen(collectors) && Object.isFrozen(rest.http),
    );
  });

  test('is what .env.example says', () => {
    const written = readFileSync('.env.example', 'utf8').matchAll(/^([A-Z_]+)=(.*)$/gm);
    const env = Object.fromEntries([...written].map(([, name, value]) => [name, value]));
    assert.equal(Object.keys(env).length, 15);
    assert.deepEqual(configOf(env), configOf({}));
  });
});

test('a password is secret in its encoded and in its decoded form', () => {
  assert.deepEqual(secretsOf('redis://user:p%40ss%2Fw@h:1/0'), ['p%40ss%2Fw', 'p@ss/w']);
  assert.deepEqual(secretsOf('redis://h'), []);
});

test('a replay and the demo read DATA_DIR as a start does', () => {
  for (const [given, heard] of [
    ['', './data'],
    ['/tmp/x', '/tmp/x'],
  ]) {
    const files = loadRuleFiles({ DATA_DIR: given }, shipped, {});
    assert.equal(files.kind === 'ok' ? files.dataDir : null, heard);
  }
});

test('the token alone is enough', () => {
  assert.deepEqual(configOf({ DISCORD_TOKEN: token }).discord, {
    token,
    channelId: null,
    operatorChannelId: null,
    devGuildId: null,
  });
});

test('the invite asks only for the permissions that alerts need', () => {
  assert.equal(
    inviteLink('123456789012345678'),
    'https://discord.com/oauth2/authorize?client_id=123456789012345678' +
      '&scope=bot+applications.commands&permissions=274878024704',
  );
});

test('every variable is read', () => {
  const config = configOf({
    DISCORD_TOKEN: token,
    DISCORD_CHANNEL_ID: '42',
    OPERATOR_CHANNEL_ID: '43',
    DISCORD_DEV_GUILD_ID: '44',
    DISCORD_API_URL: 'http://127.0.0.1:9/api/',
    REDIS_URL: 'redis://:pw@localhost:6379/1',
    DATA_DIR: '/var/lib/lightsout',
    RIS_LIVE_URL: 'ws://127.0.0.1:9/',
    RIS_ARCHIVE_URL: 'http://127.0.0.1:9/',
    COLLECTORS: 'rrc00, rrc21,rrc00',
    HTTP_HOST: '0.0.0.0',
    HTTP_PORT: '9090',
    LOG_LEVEL: 'debug',
  });
  assert.deepEqual(config.discord, { token, channelId: '42', operatorChannelId: '43', devGuildId: '44' });
  assert.equal(config.discordApiUrl, 'http://127.0.0.1:9/api');
  assert.equal(config.redisUrl, 'redis://:pw@localhost:6379/1');
  assert.equal(config.dataDir, '/var/lib/lightsout');
  assert.equal(config.risLiveUrl, 'ws://127.0.0.1:9/');
  assert.equal(config.risArchiveUrl, 'http://127.0.0.1:9');
  assert.deepEqual(config.collectors, ['rrc00', 'rrc21']);
  assert.deepEqual(config.http, { host: '0.0.0.0', port: 9090 });
  assert.equal(config.logLevel, 'debug');
  assert.equal(configOf({ HTTP_PORT: '0' }).http, null);
  assert.equal(configOf({ REGISTRY_URL: 'off' }).registryUrl, null);
  assert.equal(configOf({ REGISTRY_URL: 'http://127.0.0.1:9/nro' }).registryUrl, 'http://127.0.0.1:9/nro');
  assert.equal(configOf({ COLLECTORS: 'all' }).collectors.length, 23);
});

describe('the sets of collectors', () => {
  test('the small is in the default, the default in the large, and all have rrc00', () => {
    const sets = ['small', 'default', 'large', 'all'].map((COLLECTORS) => configOf({ COLLECTORS }).collectors);
    assert.deepEqual(
      sets.map(({ length }) => length),
      [3, 9, 15, 23],
    );
    for (const [index, set] of sets.entries()) {
      assert.ok(set.includes('rrc00'));
      for (const collector of sets[index - 1] ?? []) assert.ok(set.includes(collector), collector);
    }
    assert.deepEqual(sets[1], configOf({}).collectors);
  });

  test('an unknown set', () => {
    assert.deepEqual(
      problemsOf({ COLLECTORS: 'tiny', LOG_LEVEL: 'x' }).map((problem) => problem.split(':', 1)[0]),
      ['LOG_LEVEL', 'COLLECTORS'],
    );
    assert.match(problemsOf({ COLLECTORS: 'tiny' })[0], /\(default, small, large\), got "tiny"$/);
  });

  test('every fault of the file is named at once', () => {
    const file = {
      note: 1,
      sets: {
        small: { why: '', collectors: { linx: 'x', rrc01: '' } },
        All: { why: 'x', collectors: {}, size: 3 },
        all: 7,
      },
    };
    assert.deepEqual(
      problemsOf({}, { './config/collectors.json': JSON.stringify(file) }).map(
        (problem) => /json: ([^:]+):/.exec(problem)?.[1],
      ),
      [
        'note',
        'sets.small.why',
        'sets.small.collectors',
        'sets.small.collectors.rrc01',
        'sets.All',
        'sets.All.size',
        'sets.All.collectors',
        'sets.all',
        'sets.all',
        'sets.default',
      ],
    );
    assert.deepEqual(
      problemsOf({ COLLECTORS: 'rrc00' }, { './config/collectors.json': '{' }),
      [],
      'nobody asks for it',
    );
  });
});

describe('a wrong value', () => {
  const stories: { env: Record<string, string>; says: RegExp }[] = [
    { env: { HTTP_PORT: '80a' }, says: /^HTTP_PORT: .*"80a"$/ },
    { env: { HTTP_PORT: '65536' }, says: /^HTTP_PORT: .*"65536"$/ },
    { env: { LOG_LEVEL: 'loud' }, says: /^LOG_LEVEL: .*info.*"loud"$/ },
    {
      env: { RIS_LIVE_URL: 'https://ris-live.ripe.net' },
      says: /^RIS_LIVE_URL: .*wss:.*"https:\/\/ris-live.ripe.net"$/,
    },
    { env: { RIS_ARCHIVE_URL: 'data.ris.ripe.net' }, says: /^RIS_ARCHIVE_URL: .*"data.ris.ripe.net"$/ },
    { env: { DISCORD_API_URL: 'discord' }, says: /^DISCORD_API_URL: .*"discord"$/ },
    { env: { COLLECTORS: 'rrc00,linx' }, says: /^COLLECTORS: .*"linx" in "rrc00,linx"$/ },
    { env: { DISCORD_CHANNEL_ID: '42' }, says: /^DISCORD_TOKEN: not set.*"42"/ },
    { env: { OPERATOR_CHANNEL_ID: '42' }, says: /^DISCORD_TOKEN: not set, but OPERATOR_CHANNEL_ID is \("42"\)/ },
    { env: { DISCORD_DEV_GUILD_ID: '42' }, says: /^DISCORD_TOKEN: not set, but DISCORD_DEV_GUILD_ID is \("42"\)/ },
    {
      env: { DISCORD_TOKEN: token, OPERATOR_CHANNEL_ID: 'ops' },
      says: /^OPERATOR_CHANNEL_ID: expected a channel's id .*"ops"$/,
    },
    {
      env: { DISCORD_TOKEN: token, DISCORD_DEV_GUILD_ID: 'x1' },
      says: /^DISCORD_DEV_GUILD_ID: expected a server's id .*"x1"$/,
    },
    { env: { DISCORD_TOKEN: token, DISCORD_CHANNEL_ID: '#alerts' }, says: /^DISCORD_CHANNEL_ID: .*"#alerts"$/ },
    { env: { DISCORD_TOKEN: 'Bot topsecret', DISCORD_CHANNEL_ID: '42' }, says: /^DISCORD_TOKEN: .*blanks/ },
    { env: { REDIS_URL: 'http://user:topsecret@host' }, says: /^REDIS_URL: .*"http:\/\/\*\*\*@host"$/ },
    { env: { REDIS_URL: 'user:topsecret@host?password=topsecret' }, says: /^REDIS_URL: .*"\*\*\*@host\?\*\*\*"$/ },
    ...[
      'redis://:topsecret@ss+w/rd@127.0.0.1:6379',
      'redis://:topsecret%zz@h:1',
      'redis://:1@h/topsecret',
      'redis://:topsecret?x@h',
      'redis://:topsecret#x@h',
    ].map((REDIS_URL) => ({
      env: { REDIS_URL },
      says: /^REDIS_URL: expected redis:.*percent-encoded \(value not shown\)$/,
    })),
    { env: { REGISTRY_URL: 'never' }, says: /^REGISTRY_URL: expected a URL that starts with http:.*"never"$/ },
    {
      env: { RIS_ARCHIVE_URL: 'https://user:topsecret@mirror' },
      says: /^RIS_ARCHIVE_URL: may hold no user or password/,
    },
    { env: { RIS_LIVE_URL: 'wss://user:topsecret@mirror/' }, says: /^RIS_LIVE_URL: may hold no user or password/ },
    { env: { RIS_LIVE_URL: 'ftp://topsecret?topsecret@mirror/' }, says: /^RIS_LIVE_URL: .*"ftp:\/\/\*\*\*@mirror\/"$/ },
    { env: { CONFIG_DIR: './nowhere', COLLECTORS: 'all' }, says: /^\.\/nowhere\/rules.json: no such file/ },
  ];
  for (const { env, says } of stories) {
    test(JSON.stringify(env).replace(token, 'TOKEN'), () => {
      const problems = problemsOf(env);
      assert.match(problems[0] ?? 'no problem', says);
      assert.ok(!problems.join().includes('topsecret'));
    });
  }

  test('does not hide the others', () => {
    const problems = problemsOf(
      { HTTP_PORT: 'x', LOG_LEVEL: 'x', REDIS_URL: 'x' },
      { './config/rules.json': '{', './config/countries.json': null },
    );
    assert.deepEqual(
      problems.map((problem) => problem.split(':', 1)[0]),
      ['REDIS_URL', 'HTTP_PORT', 'LOG_LEVEL', './config/rules.json', './config/countries.json'],
    );
  });
});

describe('a file that is not JSON', () => {
  const stories = [
    { text: '{\n  "table": {\n    "minVoters": 20,\n  }\n}', says: /rules.json: line 4, column 3: / },
    { text: '{"a":}', says: /rules.json: line 1, column 6: / },
    { text: '{"a": "no end', says: /rules.json: line 1, column 14: / },
    { text: '{"a": trve}', says: /rules.json: line 1, column 9: / },
    { text: '{}\n}', says: /rules.json: line 2, column 1: / },
    { text: '', says: /rules.json: line 1, column 1: / },
  ];
  for (const { text, says } of stories) {
    test(JSON.stringify(text), () => assert.match(problemsOf({}, { './config/rules.json': text }).join('\n'), says));
  }

  test('collectors.json without sets', () => {
    assert.match(
      problemsOf({}, { './config/collectors.json': '{"collectors": ["rrc00"]}' }).join(),
      /collectors.json: sets: expected .*, got nothing$/,
    );
  });

  test('a file that cannot be read', () => {
    const loaded = loadConfig({}, (path) => {
      if (path.endsWith('rules.json')) throw new Error('EACCES: permission denied');
      return shipped(path);
    });
    assert.match(loaded.kind === 'invalid' ? loaded.problems.join() : '', /rules.json: cannot be read: EACCES/);
  });
});
