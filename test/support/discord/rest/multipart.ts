import type { IncomingHttpHeaders } from 'node:http';

export interface UploadedFile {
  /** The n of files[n]. */
  readonly index: string;
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

export interface Body {
  /** undefined: the request had no JSON. */
  readonly json: unknown;
  readonly files: readonly UploadedFile[];
}

/** Reads a body as Discord does: JSON, or multipart/form-data with the JSON in payload_json. Rejects anything else. */
export async function readBody(headers: IncomingHttpHeaders, bytes: Buffer): Promise<Body> {
  if (bytes.length === 0) return { json: undefined, files: [] };
  const contentType = headers['content-type'] ?? '';
  if (!contentType.startsWith('multipart/form-data'))
    return { json: JSON.parse(bytes.toString()) as unknown, files: [] };

  // undici's own parser, whose method is deprecated for servers that take what strangers upload: here only the client
  // under test does.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const form = await new Response(bytes, { headers: { 'content-type': contentType } }).formData();
  const files: UploadedFile[] = [];
  for (const [field, value] of form) {
    if (typeof value === 'string') continue;
    const index = /^files\[(\d+)\]$/.exec(field)?.[1];
    if (index === undefined) throw new Error(`no such field: ${field}`);
    files.push({ index, filename: value.name, contentType: value.type, bytes: Buffer.from(await value.arrayBuffer()) });
  }
  const payload = form.get('payload_json');
  return { json: typeof payload === 'string' ? (JSON.parse(payload) as unknown) : {}, files };
}
