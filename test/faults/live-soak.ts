export async function liveSoak(minutes: number, say: (text: string) => void): Promise<boolean> { await Promise.resolve(); say(String(minutes)); return true; }
