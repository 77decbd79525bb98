import { parseArgs } from 'node:util';
import { dayMs } from '../../core/time.js';

export const replayUsage = `\
usage: npm run --silent replay -- [--rib rrcNN=FILE]... [--updates rrcNN=FILE|FILE.jsonl[.gz]]... [--until ISO]
         [--rules FILE] [--countries KP,SY] [--chart DIR] [--json]
   or: npm run --silent replay -- --from ISO --to ISO [--collectors rrc00,rrc24|small|large|all]
         [--rules FILE] [--countries KP,SY] [--chart DIR] [--json]`;

/** Fetching and replaying a month takes about a day. */
const mostDays = 31;

export interface NamedFile {
  readonly collector: string;
  readonly path: string;
}

/** Days of history, fetched from the archive. */
export interface Days {
  readonly kind: 'days';
  readonly from: number;
  readonly to: number;
  /** In the format of COLLECTORS; null: the collectors of the variable itself. */
  readonly collectors: string | null;
}

/** Local files. */
export interface Files {
  readonly kind: 'files';
  readonly ribs: readonly NamedFile[];
  readonly updates: readonly NamedFile[];
  readonly until: number | null;
}

export interface ReplayArguments {
  readonly what: Days | Files;
  readonly rules: string | null;
  readonly countries: ReadonlySet<string> | null;
  readonly chart: string | null;
  readonly json: boolean;
}

/** null if the arguments are not valid; every problem is pushed to `problems`. */
export function parseReplayArguments(argv: readonly string[], now: number, problems: string[]): ReplayArguments | null {
  let values: Values;
  try {
    values = valuesOf(argv);
  } catch (error) {
    problems.push((error as Error).message);
    return null;
  }
  const ofDays = (['from', 'to', 'collectors'] as const).filter((name) => values[name] !== undefined);
  const ofFiles = (['rib', 'updates', 'until'] as const).filter((name) => values[name] !== undefined);
  if (ofDays.length > 0 && ofFiles.length > 0) {
    problems.push(
      `${flags(ofDays)} select days of the archive, ${flags(ofFiles)} local files: give the one kind or the other`,
    );
  }
  const countries = values.countries
    ?.split(',')
    .map((code) => code.trim().toUpperCase())
    .filter((code) => code !== '');
  if (countries?.length === 0)
    problems.push(`--countries: expected codes such as KP,SY, got "${String(values.countries)}"`);
  const args = {
    what: ofDays.length > 0 ? daysOf(values, now, problems) : filesOf(values, problems),
    rules: values.rules ?? null,
    countries: countries === undefined ? null : new Set(countries),
    chart: values.chart ?? null,
    json: values.json ?? false,
  };
  return problems.length > 0 ? null : args;
}

type Values = ReturnType<typeof valuesOf>;

/** Throws if a flag is unknown or has no value. */
function valuesOf(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const list = { type: 'string', multiple: true } as const;
  return parseArgs({
    args: [...argv],
    options: {
      rib: list,
      updates: list,
      until: text,
      from: text,
      to: text,
      collectors: text,
      rules: text,
      countries: text,
      chart: text,
      json: { type: 'boolean' },
    },
  }).values;
}

function daysOf(values: Values, now: number, problems: string[]): Days {
  const [from, to] = [timeOf('--from', values.from, problems), timeOf('--to', values.to, problems)];
  for (const name of ['from', 'to'] as const)
    if (values[name] === undefined) problems.push(`--${name}: not given; --from and --to need each other`);
  if (from !== null && to !== null) {
    if (from >= to) problems.push(`--to: expected a time after --from, got "${String(values.to)}"`);
    else if (to - from > mostDays * dayMs)
      problems.push(`--to: expected at most ${mostDays} days after --from, got ${Math.ceil((to - from) / dayMs)}`);
  }
  if (to !== null && to > now) problems.push(`--to: expected a time that has passed, got "${String(values.to)}"`);
  if (values.collectors?.trim() === '')
    problems.push('--collectors: expected names like rrc00, separated by commas, got ""');
  return { kind: 'days', from: from ?? 0, to: to ?? 0, collectors: values.collectors ?? null };
}

function filesOf(values: Values, problems: string[]): Files {
  const files = (flag: string, given: readonly string[] | undefined): NamedFile[] =>
    (given ?? [])
      .map((value) => {
        const match = /^(rrc\d\d)=(.+)$/s.exec(value);
        if (match !== null) return { collector: match[1], path: match[2] };
        // RIS Live lines name their own collectors.
        if (flag === '--rib' || !/\.jsonl(\.gz)?$/.test(value))
          problems.push(`${flag}: expected rrcNN=FILE, got "${value}"`);
        return { collector: '', path: value };
      })
      .sort(byName);
  const until = timeOf('--until', values.until, problems);
  const ribs = files('--rib', values.rib);
  const updates = files('--updates', values.updates);
  if (ribs.length + updates.length === 0)
    problems.push('nothing to replay: give --from and --to, or --rib or --updates');
  return { kind: 'files', until, ribs, updates };
}

function timeOf(flag: string, value: string | undefined, problems: string[]): number | null {
  if (value === undefined) return null;
  const at = parseTime(value);
  if (!Number.isNaN(at)) return at;
  problems.push(`${flag}: expected an ISO 8601 time such as 2014-12-23T02:00:00Z, got "${value}"`);
  return null;
}

const flags = (names: readonly string[]): string => names.map((name) => `--${name}`).join(', ');

/** A date, or a date and a time. A time without a zone is UTC, also on a machine in another zone. */
const isoTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** NaN if the text is not a valid time. 30 February is not valid, although Date.parse reads it as a day in March. */
function parseTime(text: string): number {
  const day = text.slice(0, 'YYYY-MM-DD'.length);
  const midnight = isoTime.test(text) ? Date.parse(day) : NaN;
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, day.length) !== day) return NaN;
  return Date.parse(/T[^Z+-]*$/.test(text) ? `${text}Z` : text);
}

/** Files are sorted, so that the order of the flags does not matter if two files have messages of the same moment. */
function byName(a: NamedFile, b: NamedFile): number {
  const [first, second] = a.collector === b.collector ? [a.path, b.path] : [a.collector, b.collector];
  return first < second ? -1 : Number(first > second);
}
