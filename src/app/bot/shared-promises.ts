/**
 * Shares work between callers: `work` runs once for each key, and the `most` newest results are kept. A null result is
 * not kept, so that the next call tries again. `work` never rejects.
 */
export function createSharedPromises<T>(
  most: number,
): (key: string, work: () => Promise<T | null>) => Promise<T | null> {
  const kept = new Map<string, Promise<T | null>>();
  return (key, work) => {
    const known = kept.get(key);
    if (known !== undefined) return known;
    const doing = work();
    kept.set(key, doing);
    for (const oldest of kept.keys()) {
      if (kept.size <= most) break;
      kept.delete(oldest);
    }
    void doing.then((result) => {
      if (result === null && kept.get(key) === doing) kept.delete(key);
    });
    return doing;
  };
}
