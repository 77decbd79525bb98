import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  createHttp,
  createLogger,
  createMetrics,
  HttpListenError,
  type Health,
} from '../../../src/edges/observability/index.js';

describe('the log', () => {
  const logged = (
    pretty: boolean,
    secrets: readonly string[],
    say: (logger: ReturnType<typeof createLogger>) => void,
  ): string => {
    let text = '';
    const destination = { write: (line: string) => void (text += line) };
    say(createLogger({ level: 'info', pretty, secrets, destination }));
    return text;
  };

  test('is one JSON object a line, with its level and time', () => {
    const line = logged(false, [], (logger) => logger.warn({ collector: 'rrc00' }, 'silent'));
    const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
    assert.deepEqual(rest, { level: 40, collector: 'rrc00', msg: 'silent' });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
  });

  test('is readable on a terminal', () => {
    assert.match(
      logged(true, [], (logger) => logger.info({ collector: 'rrc00' }, 'loaded')),
      /INFO.*loaded[^]*rrc00/,
    );
  });

  test('holds back what is below its level', () => {
    assert.equal(
      logged(false, [], (logger) => logger.debug('x')),
      '',
    );
  });

  for (const pretty of [false, true]) {
    test(`shows no secret, wherever it appears (${pretty ? 'pretty' : 'JSON'})`, () => {
      const text = logged(pretty, ['tok.en', 'p"w/d', '', 'url'], (logger) => {
        logger.error(
          { err: new Error('GET failed with Bot tok.en'), url: 'redis://:p%22w%2Fd@host', deep: { header: ['p"w/d'] } },
          'tok.en refused',
        );
      });
      assert.ok(!/tok\.en|p\\?"w\/d|p%22w/.test(text), text);
      assert.match(text, /\[secret\] refused/);
      assert.match(text, /url/);
    });
  }
});

describe('http', () => {
  const listening = async (health: () => Health, run: (base: string) => Promise<void>): Promise<void> => {
    const { registry } = createMetrics();
    const http = createHttp({ host: '127.0.0.1', port: 0, registry, health, peers: () => null });
    const port = await http.start();
    try {
      await run(`http://127.0.0.1:${port}`);
    } finally {
      await http.stop();
    }
  };

  test('healthz lives while readyz says why it is not ready', async () => {
    let health: Health = { ready: false, reasons: ['RIS Live: no connection'] };
    await listening(
      () => health,
      async (base) => {
        assert.equal((await fetch(`${base}/healthz`)).status, 200);
        const blind = await fetch(`${base}/readyz`);
        assert.equal(blind.status, 503);
        assert.deepEqual(await blind.json(), { ready: false, reasons: ['RIS Live: no connection'] });
        health = { ready: true, reasons: [] };
        assert.equal((await fetch(`${base}/readyz`)).status, 200);
        for (const path of ['/', '/metricsx', '/healthz/x']) assert.equal((await fetch(base + path)).status, 404);
        assert.equal((await fetch(`${base}/healthz`, { method: 'POST' })).status, 404);
      },
    );
  });

  test('metrics are Prometheus text with the process and the product in it', async () => {
    await listening(
      () => ({ ready: true, reasons: [] }),
      async (base) => {
        const response = await fetch(`${base}/metrics`);
        assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
        const text = await response.text();
        assert.match(text, /^process_cpu_seconds_total /m);
        assert.match(text, /^# TYPE lightsout_messages_total counter$/m);
      },
    );
  });

  test('the metrics of Discord have the names that dashboards use', async () => {
    const { registry } = createMetrics();
    const text = await registry.metrics();
    for (const name of [
      'delivery_attempts_total',
      'delivery_age_seconds',
      'deliveries_doubtful_total',
      'outbox_owed',
      'outbox_oldest_age_seconds',
      'channels_paused',
      'gateway_up',
      'gateway_identifies_last_hour',
      'discord_requests_total',
      'discord_errors_total',
      'commands_total',
      'command_duration_seconds',
    ])
      assert.match(text, new RegExp(`^# TYPE lightsout_${name} `, 'm'));
  });

  test('a port in use is named', async () => {
    await listening(
      () => ({ ready: true, reasons: [] }),
      async (base) => {
        const port = Number(new URL(base).port);
        const second = createHttp({
          host: '127.0.0.1',
          port,
          registry: createMetrics().registry,
          health: () => ({ ready: true, reasons: [] }),
          peers: () => null,
        });
        await assert.rejects(
          second.start(),
          (error) => error instanceof HttpListenError && error.message.startsWith(`HTTP_PORT ${port} `),
        );
      },
    );
  });
});
