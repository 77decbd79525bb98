/** A row: what was measured, and the goal. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly digits: number;
  readonly better: 'higher' | 'lower';
  readonly atLeast: number;
  readonly aim: number;
  /** The explanation, in this machine's own numbers. */
  readonly because: string;
}

export function isReached({ value, better, atLeast }: Row): boolean {
  return better === 'higher' ? value >= atLeast : value <= atLeast;
}

export function renderTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => {
    const text = (value: number): string => `${value.toFixed(row.digits)}${row.unit}`;
    const sign = row.better === 'higher' ? '>=' : '<=';
    const aimed = row.better === 'higher' ? row.value >= row.aim : row.value <= row.aim;
    return [
      row.what,
      text(row.value),
      `${sign} ${text(row.atLeast)}`,
      `${sign} ${text(row.aim)}`,
      isReached(row) ? (aimed ? 'aim reached' : 'pass') : 'FAIL',
      row.because,
    ];
  });
  const all = [['', 'measured', 'at least', 'aim', '', 'on this machine'], ...cells];
  const widths = all[0].map((_, column) => Math.max(...all.map((line) => line[column].length)));
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
