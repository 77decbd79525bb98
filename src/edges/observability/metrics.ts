import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * The product's metrics in a registry of their own, with the process's beside them. Label values come from the callers'
 * unions.
 */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name: `lightsout_${name}`, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]): Gauge<L> =>
    new Gauge({ name: `lightsout_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: L[]
  ): Histogram<L> => new Histogram({ name: `lightsout_${name}`, help, buckets, labelNames, registers });

  return {
    registry,
    messages: counter('messages_total', 'RIS messages decoded'),
    elems: counter('elems_total', 'Elems applied to the table'),
    problems: counter('problems_total', 'Messages or records skipped, by reason', 'reason'),
    fallbacks: counter('scanner_fallbacks_total', 'Messages the byte scanner handed to JSON.parse'),
    reconnects: counter('reconnects_total', 'Times the RIS Live socket was opened again'),
    eventTimeLag: gauge('event_time_lag_seconds', 'Wall clock minus event time'),
    lastTick: gauge('last_tick_timestamp_seconds', 'Event time of the last tick, Unix seconds'),
    voters: gauge('voters', 'ASNs with a vote', 'family'),
    usable: gauge('table_usable', '1 where the table is good enough to judge by', 'family'),
    peers: gauge('peers', 'Peers known, by what is known of them', 'state'),
    fullFeedPeers: gauge('full_feed_peers', 'Peers with a full table', 'family'),
    countriesJudged: gauge('countries_judged', 'Countries and groups with a baseline to judge by', 'family'),
    incidentsOpen: gauge('incidents_open', 'Open incidents, by level now', 'level'),
    events: counter('events_total', 'Events written to the log', 'kind'),
    commitSeconds: histogram(
      'commit_duration_seconds',
      'Time to make a tick durable',
      [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
    ),
    deliveryAttempts: counter('delivery_attempts_total', 'Attempts to tell a channel, by result', 'result'),
    deliveryAge: histogram(
      'delivery_age_seconds',
      'From the tick that decided to the message accepted',
      [0.5, 1, 2, 5, 15, 60, 300, 1800, 7200, 43_200],
    ),
    deliveriesDoubtful: counter(
      'deliveries_doubtful_total',
      'Messages that may be double: nobody could tell whether an earlier attempt was taken',
    ),
    outboxOwed: gauge('outbox_owed', 'Messages owed to channels'),
    outboxOldestAge: gauge('outbox_oldest_age_seconds', 'Since when the oldest of them is owed; 0 where none is'),
    channelsPaused: gauge('channels_paused', 'Channels that are closed to the bot and asked again from time to time'),
    gatewayUp: gauge(
      'gateway_up',
      "1 while the bot has a session with Discord's gateway and its heartbeats are answered",
    ),
    identifiesLastHour: gauge(
      'gateway_identifies_last_hour',
      "Sessions with Discord's gateway asked for in the last hour; Discord allows 1000 a day",
    ),
    discordRequests: counter(
      'discord_requests_total',
      'REST requests to Discord, by route and outcome',
      'route',
      'outcome',
    ),
    discordErrors: counter('discord_errors_total', "Refusals by Discord's error code", 'code'),
    commands: counter(
      'commands_total',
      'Slash commands and buttons answered, by command and outcome',
      'command',
      'outcome',
    ),
    commandSeconds: histogram(
      'command_duration_seconds',
      "From a command's arrival to its answer",
      [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30],
      'command',
    ),
    snapshots: counter('snapshots_total', 'Times the table was kept for a restart, by outcome', 'outcome'),
    snapshotAt: gauge('snapshot_timestamp_seconds', 'Of when the table is that is kept for a restart, Unix seconds'),
    sessionResets: counter(
      'session_resets_total',
      'Sessions of peers that began anew, by what told so: a word of their state, or their whole table again',
      'sign',
    ),
    massWithdrawals: counter(
      'mass_withdrawals_total',
      'Times a full feed withdrew much of its table within two minutes',
    ),
    gaps: counter('gaps_total', 'Gaps in the stream, by kind', 'kind'),
    collectors: gauge('collectors', 'Collectors, by where each stands', 'stage'),
    updateFiles: counter('update_files_total', 'Update files read from the archive, by what for', 'purpose'),
    filledElems: counter('filled_elems_total', 'Elems of update files taken in for short gaps'),
    archiveRequests: counter('archive_requests_total', 'Requests to the archive, by outcome', 'outcome'),
    archiveBytes: counter('archive_bytes_total', 'Bytes received from the archive, compressed'),
    holds: counter(
      'decision_holds_total',
      'Decisions held back for a second look, by guard and outcome. guard="many-countries" is mass and shared-as ' +
        'together; it goes with 0.3',
      'guard',
      'outcome',
    ),
    held: gauge(
      'decisions_held',
      'Countries whose decision is held back now, by guard. guard="many-countries" is mass and shared-as together; it ' +
        'goes with 0.3',
      'guard',
    ),
    degraded: gauge(
      'measurement_degraded',
      '1 while the operator has been told that this hinders our sight. kind="verdicts" is kind="one-collector"; it goes ' +
        'with 0.3',
      'kind',
    ),
    registryAge: gauge('registry_age_seconds', 'Age of the registry of who holds which addresses, by its own day'),
    registryRefresh: counter('registry_refresh_total', 'Downloads of the registry, by outcome', 'outcome'),
  };
}
