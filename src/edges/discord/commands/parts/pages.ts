import { ButtonStyle, ComponentType, type APIActionRowComponent, type APIButtonComponent } from 'discord.js';
import { CommandProblem } from './command.js';

const pageLength = 10;
export const oldButton = 'This button is from an older version of lightsout: give the command again.';

export interface Page<T> {
  readonly rows: readonly T[];
  /** From 1. */
  readonly number: number;
  readonly of: number;
}

/** A page of them, or the nearest there is. */
export function pageOf<T>(rows: readonly T[], number: number): Page<T> {
  const of = Math.max(1, Math.ceil(rows.length / pageLength));
  const present = Math.min(Math.max(1, number), of);
  return { rows: rows.slice((present - 1) * pageLength, present * pageLength), number: present, of };
}

/** Buttons to turn the page, which carry all that is needed to do so: "outages:24h:2". None for a single page. */
export function pageButtons(
  prefix: string,
  { number, of }: Page<unknown>,
): APIActionRowComponent<APIButtonComponent>[] {
  if (of === 1) return [];
  const button = (label: string, to: number): APIButtonComponent => ({
    type: ComponentType.Button,
    style: ButtonStyle.Secondary,
    label,
    custom_id: `${prefix}:${to}`,
    disabled: to < 1 || to > of,
  });
  return [{ type: ComponentType.ActionRow, components: [button('◀', number - 1), button('▶', number + 1)] }];
}

/** "Page 2 of 3"; '' for a single page. */
export function pageText({ number, of }: Page<unknown>): string {
  return of === 1 ? '' : `Page ${number} of ${of}`;
}

/** What stands in a button's id between the command's name and the page, and the page. */
export function turnedTo(customId: string): { readonly middle: string; readonly page: number } {
  const parts = customId.split(':');
  const page = parts.at(-1) ?? '';
  if (parts.length < 2 || !/^\d{1,4}$/.test(page)) throw new CommandProblem(oldButton);
  return { middle: parts.slice(1, -1).join(':'), page: Number(page) };
}
