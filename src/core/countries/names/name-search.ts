/** Longer than any name; what is typed beyond it changes nothing. */
const mostTyped = 60;

/** Letters that Unicode does not take apart into a plain one and its mark. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/**
 * A name as it is compared: ASCII, lower case, without punctuation, "the" in front or the difference of "Saint" and
 * "St.".
 */
export function foldName(name: string): string {
  return name
    .slice(0, mostTyped)
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[ßæœøłđðþı]/g, (letter) => plainLetters[letter])
    .replaceAll('&', ' and ')
    .replace(/['’ʼ`.]/g, '')
    .replace(/[^a-z0-9]+/g, ' ')
    .trim()
    .replace(/^the /, '')
    .replace(/\bsaint\b/g, 'st');
}

/**
 * How well folded `typed` fits one of a place's folded names, the first of which is its own: 0 is the name or code
 * itself; then what its name begins with, its other names, its words, a part of it; from 10 on with as many letters
 * wrong. null: not at all.
 */
export function fitOf(typed: string, [own, ...others]: readonly string[], codes: readonly string[]): number | null {
  if (typed === own || codes.includes(typed)) return 0;
  if (others.includes(typed)) return 1;
  const names = [own, ...others];
  if (own.startsWith(typed)) return 2;
  if (others.some((name) => name.startsWith(typed))) return 3;
  if (own.includes(` ${typed}`)) return 4;
  if (others.some((name) => name.includes(` ${typed}`))) return 5;
  if (names.some((name) => name.includes(typed))) return 6;
  if (typed.length < 3) return null;
  const most = typed.length < 6 ? 1 : 2;
  const wrong = Math.min(...names.flatMap(endsAtWords).map((name) => lettersWrong(typed, name, most)));
  return wrong > most ? null : 10 + wrong;
}

/** "north korea" and "korea". */
function endsAtWords(name: string): string[] {
  const words = name.split(' ');
  return words.map((_, first) => words.slice(first).join(' '));
}

/**
 * The fewest letters to add, drop, change or swap that make `typed` a beginning of `name`; anything above `most` may
 * stand for more.
 */
function lettersWrong(typed: string, name: string, most: number): number {
  const width = Math.min(name.length, typed.length + most);
  let before: number[] = [];
  let row = Array.from({ length: width + 1 }, (_, column) => column);
  for (let line = 1; line <= typed.length; line++) {
    const next = [line];
    for (let column = 1; column <= width; column++) {
      const isSame = typed[line - 1] === name[column - 1];
      let cost = Math.min(row[column] + 1, next[column - 1] + 1, row[column - 1] + (isSame ? 0 : 1));
      const isSwap =
        line > 1 && column > 1 && typed[line - 1] === name[column - 2] && typed[line - 2] === name[column - 1];
      if (isSwap) cost = Math.min(cost, before[column - 2] + 1);
      next.push(cost);
    }
    if (Math.min(...next) > most) return most + 1;
    before = row;
    row = next;
  }
  return Math.min(...row);
}
