import { owedRows } from './owed-rows.js';

/**
 * Puts one row in the place of several of the same channel, all or nothing.
 *
 *   KEYS  owing, owed-times, the channel's owed
 *   ARGV  channel, then position, owed at and row of the new one,
 *         (position, how the row begins) of each that it replaces
 *   -> 1; 0 if one of them is not owed: nothing written
 */
export const combineScript = `${owedRows}
for arg = 5, #ARGV, 2 do
  if not isOwed(KEYS[3], ARGV[arg], ARGV[arg + 1]) then return 0 end
end
for arg = 5, #ARGV, 2 do take(KEYS[3], ARGV[1], ARGV[arg]) end
put(KEYS[3], ARGV[1], ARGV[2], ARGV[3], ARGV[4])
return 1
`;
