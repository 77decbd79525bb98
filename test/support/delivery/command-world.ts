import assert from 'node:assert/strict';
import {
  createCountryDirectory,
  emptyBaselineState,
  type HistoryRow,
  rowValues,
} from '../../../src/core/countries/index.js';
import {
  createEditSubscription,
  type Message,
  type SendResult,
  type Subscription,
} from '../../../src/edges/delivery/index.js';
import { initialDetectorState, type DetectorState, type Level } from '../../../src/core/detector/index.js';
import type { ChannelAccess } from '../../../src/edges/discord/rest/access.js';
import type { DrawnChart } from '../../../src/edges/discord/messages/charts.js';
import type { Command, CommandDeps, CommandInput, Place } from '../../../src/edges/discord/commands/parts/command.js';
import type { CommandMessage } from '../../../src/edges/discord/commands/parts/command-message.js';
import {
  initialIncidentState,
  stateVersion,
  type CountryRecord,
  type FamilyRecord,
  type FeedHealth,
  type IncidentEvent,
  type StoredState,
} from '../../../src/core/incidents/index.js';

/** 22 December 2014, 16:30 UTC: 15 minutes after North Korea went down. */
export const now = Date.UTC(2014, 11, 22, 16, 30);
export const minuteMs = 60_000;
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

/**
 * View Channel, Send Messages, Embed Links, Attach Files, Read Message History, Send Messages in Threads, Mention
 * Everyone.
 */
export const allPermissions =
  (1n << 10n) | (1n << 11n) | (1n << 14n) | (1n << 15n) | (1n << 16n) | (1n << 38n) | (1n << 17n);
export const manageGuild = 1n << 5n;

export const guildId = '100';
export const channelId = '200';
export const dmId = '300';

export const guild: Extract<Place, { kind: 'guild' }> = {
  kind: 'guild',
  guildId,
  channelId,
  memberPermissions: manageGuild,
  isMember: true,
};
export const dm: Place = { kind: 'bot-dm', channelId: dmId };

/** Everything that commands read and change, in memory. */
export class CommandWorld {
  readonly stored: StoredState[] = [];
  readonly measured: CountryRecord[] = [];
  readonly events: IncidentEvent[] = [];
  readonly rows: HistoryRow[] = [];
  readonly subscribed = new Map<string, Subscription>();
  readonly channels = new Map<string, ChannelAccess>([[channelId, access()]]);
  readonly posted: { readonly channelId: string; readonly message: Message }[] = [];
  readonly drawn: { readonly country: string; readonly ms: number; readonly family: string | null }[] = [];
  feed: FeedHealth | null = healthy();
  chart: DrawnChart | null = { png: new Uint8Array([1]), altText: 'A line that falls to nothing.' };
  outcome: SendResult = { kind: 'sent', messageId: '1' };
  logEnd = 7;
  trouble: string | null = null;
  readonly troubles: string[] = [];
  /** If set, every call to the store throws this. */
  fault: Error | null = null;

  readonly deps: CommandDeps = {
    reader: {
      states: () => this.#read(() => this.stored),
      record: (country) => this.#read(() => this.measured.find((each) => each.country === country) ?? null),
      records: () => this.#read(() => this.measured),
      health: () => this.#read(() => this.feed),
      incidents: (from, country) =>
        this.#read(() =>
          this.events.filter(
            (event) =>
              (country === null || event.country === country) &&
              (event.at >= from || (event.kind !== 'restored' && event.kind !== 'new-normal')),
          ),
        ),
      history: (country, resolution, from, to) =>
        this.#read(() =>
          this.rows.filter(
            (row) => row.country === country && row.resolution === resolution && row.at >= from && row.at < to,
          ),
        ),
    },
    subscriptions: {
      subscriptions: () =>
        this.#read(() => [...this.subscribed.values()].sort((a, b) => (a.channelId < b.channelId ? -1 : 1))),
      subscription: (id) => this.#read(() => this.subscribed.get(id) ?? null),
    },
    editSubscription: createEditSubscription({
      subscription: (id) => this.#read(() => this.subscribed.get(id) ?? null),
      saveSubscription: (subscription) =>
        this.#read(() => void this.subscribed.set(subscription.channelId, subscription)),
      removeSubscription: (id) => this.#read(() => void this.subscribed.delete(id)),
    }),
    directory: createCountryDirectory([{ code: 'PS-GZ', name: 'Gaza', asns: [12975], prefixes: [] }]),
    charts: {
      ofEvent: () => Promise.resolve(this.chart),
      ofCountry: (country, ms, _now, family) => {
        this.drawn.push({ country, ms, family });
        return Promise.resolve(this.chart);
      },
    },
    lookUpChannel: (id) => this.channels.get(id) ?? null,
    send: {
      post: (id, message) => {
        this.posted.push({ channelId: id, message });
        return Promise.resolve(this.outcome);
      },
    },
    troubleOf: () => this.trouble,
    troubles: () => this.troubles,
    logEnd: () => Promise.resolve(this.logEnd),
    inviteLink: () => 'https://discord.com/oauth2/authorize?client_id=1',
    version: '1.2.3',
  };

  /** The command's answer. Throws if Discord would refuse it. */
  async ask(
    command: Command,
    options: CommandInput['options'] = {},
    place: Place = guild,
    subcommand: string | null = null,
  ): Promise<CommandMessage> {
    return sound(
      await command.run({ options, subcommand, place, userId: '9', now }, this.deps, new AbortController().signal),
    );
  }

  async press(command: Command, customId: string, place: Place = guild): Promise<CommandMessage> {
    assert.ok(command.press !== undefined);
    return sound(
      await command.press(
        customId,
        { options: {}, subcommand: null, place, userId: '9', now },
        this.deps,
        new AbortController().signal,
      ),
    );
  }

  #read<T>(read: () => T): Promise<T> {
    return this.fault === null ? Promise.resolve(read()) : Promise.reject(this.fault);
  }
}

/** Discord's documentation: Create Message, Embed Limits, Attachment Object, Component Reference. */
function sound(message: CommandMessage): CommandMessage {
  const { content = '', embeds = [], files = [], components = [] } = message;
  assert.ok(content !== '' || embeds.length > 0 || files.length > 0, 'an empty message');
  assert.ok(content.length <= 2000, `content of ${content.length}`);
  let sum = 0;
  for (const { title = '', description = '', fields = [], footer, image } of embeds) {
    assert.ok(
      title.length <= 256 && description.length <= 4096 && fields.length <= 25,
      `title ${title.length}, description ${description.length}`,
    );
    for (const { name, value } of fields)
      assert.ok(name !== '' && name.length <= 256 && value !== '' && value.length <= 1024, name);
    sum +=
      title.length +
      description.length +
      (footer?.text.length ?? 0) +
      fields.reduce((all, { name, value }) => all + name.length + value.length, 0);
    if (image !== undefined)
      assert.ok(
        files.some(({ name }) => image.url === `attachment://${name}`),
        image.url,
      );
  }
  assert.ok(sum <= 6000, `embeds of ${sum}`);
  for (const { name, description } of files)
    assert.ok(/^[\w-]+\.png$/.test(name) && description !== '' && description.length <= 1024, name);
  for (const { components: buttons } of components) {
    const ids = buttons.map((button) => ('custom_id' in button ? button.custom_id : ''));
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.length <= 5 && ids.every((id) => id.length >= 1 && id.length <= 100));
  }
  return message;
}

/** The one embed of a message. */
export function embedOf({ embeds = [] }: CommandMessage): NonNullable<CommandMessage['embeds']>[number] {
  assert.equal(embeds.length, 1);
  return embeds[0];
}

/** All texts of a message, one a line. */
export function textOf({ content = '', embeds = [] }: CommandMessage): string {
  return [
    content,
    ...embeds.flatMap(({ title = '', description = '', fields = [], footer }) => [
      title,
      description,
      ...fields.map(({ name, value }) => `${name}: ${value}`),
      footer?.text ?? '',
    ]),
  ]
    .filter((text) => text !== '')
    .join('\n');
}

export function access(changes: Partial<ChannelAccess> = {}): ChannelAccess {
  return { channelId, name: 'alerts', guildId, kind: 'text', permissions: allPermissions, ...changes };
}

export function healthy(changes: Partial<FeedHealth> = {}): FeedHealth {
  return {
    at: now - 20_000,
    phase: 'watching',
    eventTime: now - 30_000,
    watchingSince: now - 3 * dayMs,
    families: {
      ipv4: { usable: true, voters: 41, collectors: 9, text: 'usable: 41 voters on 9 collectors' },
      ipv6: { usable: true, voters: 38, collectors: 9, text: 'usable: 38 voters on 9 collectors' },
    },
    collectors: ['rrc00', 'rrc01', 'rrc06'],
    givenUp: [],
    impairments: [],
    ...changes,
  };
}

export function family(changes: Partial<FamilyRecord> = {}): FamilyRecord {
  return {
    at: now - 30_000,
    units: 4,
    prefixes: 4,
    baseline: { units: 4, prefixes: 4, provisional: false },
    voters: 41,
    collectors: 9,
    networks: [],
    ...changes,
  };
}

export function record(
  country: string,
  ipv4: FamilyRecord | null = family(),
  ipv6: FamilyRecord | null = null,
  label: string | null = null,
): CountryRecord {
  return { country, label, ipv4, ipv6 };
}

interface Judged {
  readonly level?: Level;
  readonly since?: number | null;
  readonly unstable?: boolean;
  readonly open?: { readonly worst: Exclude<Level, 'normal'>; readonly since: number; readonly lowest: number };
}

/** What the store holds of a country whose families were judged as given. */
export function stateOf(country: string, ipv4: Judged = {}, ipv6: Judged = {}): StoredState {
  const none = initialIncidentState.ipv4;
  return {
    version: stateVersion,
    country,
    detector: { ipv4: detectorOf(ipv4), ipv6: detectorOf(ipv6) },
    incidents: { ipv4: openOf(country, 'ipv4', ipv4) ?? none, ipv6: openOf(country, 'ipv6', ipv6) ?? none },
    baseline: { ipv4: emptyBaselineState, ipv6: emptyBaselineState },
  };
}

function detectorOf({ level = 'normal', since = null, unstable = false }: Judged): DetectorState {
  const { entering } = initialDetectorState;
  const run = unstable ? { start: since ?? now, lastUnstable: now, text: 'flips' } : null;
  const watched = { ...initialDetectorState, instability: { bins: [], run, unstable } };
  if (level === 'normal') return { ...watched, level, since, below: null };
  const at = since ?? now;
  return {
    size: watched.size,
    entering,
    recovery: null,
    dark: null,
    instability: watched.instability,
    level,
    since: at,
    onset: at,
    thin: false,
    leaving: entering,
    cause: {
      kind: 'entered',
      from: 'normal',
      to: level,
      since: at,
      at,
      share: 0,
      dwellMs: 0,
      text: 'few left',
      instability: null,
    },
  };
}

function openOf(country: string, name: string, { open }: Judged): StoredState['incidents']['ipv4'] | null {
  if (open === undefined) return null;
  return {
    kind: 'open',
    id: `${country}-${name}-${open.since}`,
    events: 1,
    onset: open.since,
    worst: open.worst,
    since: open.since,
    until: null,
    atWorst: true,
    told: open.worst,
    clock: open.since,
    followedUpMs: 0,
    postedAt: open.since,
    relapses: 0,
    lowest: open.lowest,
    partial: false,
    adoptionAsked: false,
  };
}

/** A row for every 5 minutes from `from` to `to`, all of them measured. */
export function binRows(country: string, from: number, to: number): HistoryRow[] {
  const step = 300_000;
  const first = Math.ceil(from / step) * step;
  const count = Math.max(0, Math.ceil((to - first) / step));
  return Array.from({ length: count }, (_, n) => ({
    country,
    resolution: 'bin',
    at: first + n * step,
    values: new Uint32Array(rowValues.length).fill(4),
  }));
}
