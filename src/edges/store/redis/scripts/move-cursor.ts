/**
 * Moves a target's cursor forward, never back.
 *
 *   KEYS  cursors
 *   ARGV  target, position
 */
export const moveCursorScript = `
local present = redis.call('HGET', KEYS[1], ARGV[1])
if present and tonumber(present) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
`;
