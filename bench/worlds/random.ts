export type Random = () => number;

export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

/** A random index; each is as likely as its weight is large. */
export function weighted(random: Random, weights: readonly number[]): number {
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (let index = 0; index < weights.length; index++) {
    left -= weights[index];
    if (left < 0) return index;
  }
  return weights.length - 1;
}
