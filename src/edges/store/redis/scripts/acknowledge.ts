import { owedRows } from './owed-rows.js';

/**
 * Takes one row away and remembers what was told with it, all or nothing.
 *
 *   KEYS  owing, owed-times, and the channel's owed, told, told-over
 *   ARGV  channel, position, how the row begins, the time (Unix ms) before which what is over is forgotten,
 *         (incident, told, when its end was told or '') of each told
 *   -> 1; 0 if the row is not owed: nothing written
 */
export const acknowledgeScript = `${owedRows}
if not isOwed(KEYS[3], ARGV[2], ARGV[3]) then return 0 end
take(KEYS[3], ARGV[1], ARGV[2])
for arg = 5, #ARGV, 3 do
  redis.call('HSET', KEYS[4], ARGV[arg], ARGV[arg + 1])
  if ARGV[arg + 2] == '' then redis.call('ZREM', KEYS[5], ARGV[arg])
  else redis.call('ZADD', KEYS[5], ARGV[arg + 2], ARGV[arg]) end
end
for _, incident in ipairs(redis.call('ZRANGEBYSCORE', KEYS[5], '-inf', '(' .. ARGV[4])) do
  redis.call('HDEL', KEYS[4], incident)
  redis.call('ZREM', KEYS[5], incident)
end
return 1
`;
