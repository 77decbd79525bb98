/** Checks the definitions against the limits of Discord's documentation (Application Commands). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { APIApplicationCommandOption } from 'discord.js';
import { CommandWorld } from '../../../support/delivery/command-world.js';
import { commands } from '../../../../src/edges/discord/commands/commands.js';

const everyone = ['status', 'outages', 'history', 'chart', 'about'];
const managing = ['subscribe', 'unsubscribe', 'watch', 'subscriptions', 'mute', 'test-alert'];

test('every command of the two tables is there, once, for the right people', () => {
  assert.deepEqual(
    commands.map(({ definition }) => definition.name),
    [...everyone, ...managing],
  );
  for (const { definition, ephemeral } of commands) {
    const isManaging = managing.includes(definition.name);
    assert.equal(ephemeral, isManaging, definition.name);
    assert.equal(definition.default_member_permissions, isManaging ? '32' : undefined, definition.name);
    assert.deepEqual(definition.contexts, isManaging ? [0, 1] : [0, 1, 2], definition.name);
    assert.deepEqual(definition.integration_types, [0, 1], definition.name);
  }
});

test('definitions keep to the limits', () => {
  for (const { definition } of commands) {
    assert.equal(definition.type, 1);
    assert.equal(checked(definition) <= 8000, true, `${definition.name} is too long in all`);
  }
});

/** The characters that count towards the limit of a command. */
function checked(part: {
  name: string;
  description: string;
  options?: readonly APIApplicationCommandOption[] | undefined;
}): number {
  assert.match(part.name, /^[-_a-z0-9]{1,32}$/);
  assert.ok(
    part.description.length >= 1 && part.description.length <= 100,
    `${part.name}: a description of ${part.description.length}`,
  );
  const options = part.options ?? [];
  assert.ok(options.length <= 25, part.name);
  assert.equal(new Set(options.map(({ name }) => name)).size, options.length, part.name);
  const needed = options.map((option) => option.required === true);
  assert.deepEqual(
    needed,
    [...needed].sort((a, b) => Number(b) - Number(a)),
    `${part.name}: required options come first`,
  );
  let sum = part.name.length + part.description.length;
  for (const option of options) {
    const choices = 'choices' in option ? (option.choices ?? []) : [];
    assert.ok(choices.length <= 25, option.name);
    for (const { name, value } of choices) {
      assert.ok(name.length >= 1 && name.length <= 100 && String(value).length <= 100, `${option.name}: ${name}`);
      sum += name.length + String(value).length;
    }
    if ('autocomplete' in option && option.autocomplete) assert.deepEqual(choices, [], option.name);
    sum += checked(
      'options' in option
        ? { ...option, options: option.options }
        : { name: option.name, description: option.description },
    );
  }
  return sum;
}

test('each option that completes is completed, with at most 25 choices of at most 100 characters', () => {
  const { deps } = new CommandWorld();
  const isCompleting = (option: APIApplicationCommandOption): boolean =>
    'autocomplete' in option && (option.autocomplete ?? false);
  let count = 0;
  for (const command of commands) {
    const options = (command.definition.options ?? []).flatMap((option) =>
      'options' in option ? (option.options ?? []) : [option],
    );
    for (const option of options.filter(isCompleting)) {
      for (const typed of ['', 'kor', 'KP, mid', 'x'.repeat(300), 'KP, SY, IR, '.repeat(8)]) {
        const choices = command.complete?.(option.name, typed, deps) ?? [];
        assert.ok(choices.length <= 25, option.name);
        for (const { name, value } of choices)
          assert.ok(name.length <= 100 && value.length >= 1 && value.length <= 100, `${option.name}: ${value}`);
      }
      assert.ok(
        (command.complete?.(option.name, 'kor', deps) ?? []).some(({ value }) => value === 'KP'),
        command.definition.name,
      );
      count += 1;
    }
    assert.deepEqual(command.complete?.('channel', 'kor', deps) ?? [], []);
  }
  assert.equal(count, 7);
});
