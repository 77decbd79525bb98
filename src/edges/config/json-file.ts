/** The file's text, or null where there is no such file. It may throw where there is one that cannot be read. */
export type ReadFile = (path: string) => string | null;

/**
 * The value of a JSON file; undefined (never a JSON value) where there is none to be had, with the reason in
 * `problems`.
 */
export function readJson(path: string, readFile: ReadFile, problems: string[]): unknown {
  let text: string | null;
  try {
    text = readFile(path);
  } catch (error) {
    problems.push(`${path}: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  if (text === null) {
    problems.push(`${path}: no such file (CONFIG_DIR names its folder)`);
    return undefined;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const before = text.slice(0, faultOf(text)).split('\n');
    const reason = error instanceof Error ? error.message : String(error);
    problems.push(`${path}: line ${before.length}, column ${before.at(-1)!.length + 1}: not JSON: ${reason}`);
    return undefined;
  }
}

/**
 * Where a text stops being JSON: the length of its longest beginning that could still become JSON. The parser names a
 * position only for some faults, but a beginning that fails at its own end has no fault in it, so the place is found by
 * halving.
 */
function faultOf(text: string): number {
  let sound = 0;
  let faulty = text.length + 1;
  while (faulty - sound > 1) {
    const middle = (sound + faulty) >> 1;
    if (couldGoOn(text.slice(0, middle))) sound = middle;
    else faulty = middle;
  }
  return sound;
}

function couldGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    const reason = (error as Error).message;
    return reason.includes('Unexpected end') || reason.includes(`at position ${beginning.length}`);
  }
}
