import { createHash } from 'node:crypto';
import { Routes } from 'discord.js';
import type { Notes } from '../../delivery/index.js';
import { createApi, type Answer, type ApiOptions } from '../rest/api.js';
import type { Command } from '../commands/parts/command.js';
import { tokenRefused } from '../rest/refusal.js';

export interface RegistrationOptions extends ApiOptions {
  readonly commands: readonly Command[];
  /**
   * Registers in this server alone, where a change shows at once; the global commands are not touched. null:
   * everywhere.
   */
  readonly devGuildId: string | null;
}

export type Registration =
  | { readonly kind: 'registered' }
  /** Discord has them already, as they are. */
  | { readonly kind: 'unchanged' }
  /** Trying again will not help. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** The commands as Discord is told of them. */
export function definitionsOf(commands: readonly Command[]): readonly Command['definition'][] {
  return commands.map(({ definition }) => definition);
}

/**
 * Puts all commands in one request, in the place of those that were there. `notes` remembers what was put, and for
 * which application (null: nothing is remembered). when 'changed': not if that is what Discord still has. Needs no
 * server that has the bot.
 */
export async function registerCommands(
  options: RegistrationOptions,
  notes: Notes | null,
  when: 'always' | 'changed',
  signal: AbortSignal,
): Promise<Registration> {
  const { commands, devGuildId } = options;
  const api = createApi(options);
  const application = await api.get(Routes.oauth2CurrentApplication(), signal);
  const applicationId = idOf(application);
  if (applicationId === null) return failureOf(application);

  const definitions = definitionsOf(commands);
  const noteName = `commands:${devGuildId ?? 'global'}`;
  const put = `${applicationId} ${createHash('sha256').update(stableJson(definitions)).digest('hex')}`;
  const route =
    devGuildId === null
      ? Routes.applicationCommands(applicationId)
      : Routes.applicationGuildCommands(applicationId, devGuildId);
  if (when === 'changed' && (await notes?.note(noteName)) === put) {
    // Somebody may have cleared them since, without the store at hand.
    const present = await api.get(route, signal);
    if (present.kind !== 'ok') return failureOf(present);
    if (namesOf(present.body) === namesOf(definitions)) return { kind: 'unchanged' };
  }

  const answer = await api.put(route, definitions, signal);
  if (answer.kind !== 'ok') return failureOf(answer);
  await notes?.setNote(noteName, put);
  return { kind: 'registered' };
}

/** The same text for the same content, in whatever order its keys stand. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function namesOf(commands: unknown): string {
  const names = Array.isArray(commands)
    ? commands.map((command: unknown) =>
        typeof command === 'object' && command !== null && 'name' in command ? String(command.name) : '',
      )
    : [];
  return names.sort().join(' ');
}

function idOf(answer: Answer): string | null {
  const id =
    answer.kind === 'ok' && typeof answer.body === 'object' && answer.body !== null && 'id' in answer.body
      ? answer.body.id
      : null;
  return typeof id === 'string' ? id : null;
}

function failureOf(answer: Answer): Registration {
  switch (answer.kind) {
    case 'ok':
      return { kind: 'unreachable', reason: "an answer that is not Discord's (is DISCORD_API_URL right?)" };
    case 'rate-limited':
      return { kind: 'unreachable', reason: 'rate limited by Discord' };
    case 'unauthorized':
      return { kind: 'refused', reason: tokenRefused };
    case 'refused':
      return {
        kind: 'refused',
        reason: `Discord refuses the commands (HTTP ${answer.status}, code ${answer.code}): ${answer.message}`,
      };
    case 'unreachable':
      return { kind: 'unreachable', reason: answer.reason };
  }
}
