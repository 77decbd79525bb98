import { owedRows } from './owed-rows.js';

/**
 * Writes one chunk of what is owed and how far that brings the expansion, all or nothing.
 *
 *   KEYS  owing, owed-times, expansion, then the channel's owed for each row
 *   ARGV  position and channel ('': none) of the expansion,
 *         (channel, position, owed at, row) of each row
 *   -> 1; 0 if the expansion is as far already: nothing written
 *
 * Text is compared byte by byte: Lua's own comparison follows the server's locale.
 */
export const oweScript = `${owedRows}
local function isAfter(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x > y end
  end
  return #a > #b
end
local present = redis.call('HMGET', KEYS[3], 'position', 'channel')
if present[1] then
  local was, next = tonumber(present[1]), tonumber(ARGV[1])
  if next < was or (next == was and not isAfter(ARGV[2], present[2])) then return 0 end
end
redis.call('HSET', KEYS[3], 'position', ARGV[1], 'channel', ARGV[2])
local arg = 3
for key = 4, #KEYS do
  put(KEYS[key], ARGV[arg], ARGV[arg + 1], ARGV[arg + 2], ARGV[arg + 3])
  arg = arg + 4
end
return 1
`;
