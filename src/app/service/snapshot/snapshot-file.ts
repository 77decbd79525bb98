/**
 * A snapshot on the disk: a mark, the version of the format, pieces, and a SHA-256 of all that. A piece is its inflated
 * and its compressed length, then, compressed by brotli: the length of its head, the head (JSON), and the body. A
 * length of 0 ends the pieces. Brotli at quality 1 takes a third of the time of gzip at level 1 and makes less bytes.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { endianness } from 'node:os';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants } from 'node:zlib';
import type { SnapshotPiece } from '../../../core/table/index.js';

const mark = Buffer.from('lightsout table\n');
/** Raised when the format changes. Older formats are refused too, because a load from the RIBs costs only minutes. */
const version = 1;
const startOctets = mark.length + 4;
const hashOctets = 32;
const lengthsOctets = 8;
/** The largest piece, a peer whose four columns hold all prefixes, has 2 MB. */
const mostPieceOctets = 8 * 2 ** 20;
const mostFileOctets = 2 ** 30;
const blockOctets = 2 ** 20;

const compress = promisify(brotliCompress);
const inflate = promisify(brotliDecompress);
const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

/** The numbers in it have the byte order of the machine that wrote it. */
export const numbersAs = endianness();

/** The message says why the snapshot is not used. */
export class UnreadableSnapshot extends Error {
  override readonly name = 'UnreadableSnapshot';
}

/**
 * Writes the pieces to a file beside `path` and then moves it to `path`, so that at any moment the old file or the new
 * one is there. Each piece is asked for after the one before is compressed and written, in a later turn of the event
 * loop. Returns the bytes written. Rejects with the disk's error, or when the signal is aborted; the old file then
 * stays.
 */
export async function writeSnapshotFile(
  path: string,
  pieces: Iterable<SnapshotPiece>,
  signal: AbortSignal,
): Promise<number> {
  const beside = `${path}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  const file = await open(beside, 'w');
  try {
    const hash = createHash('sha256');
    let octets = 0;
    const put = async (bytes: Buffer): Promise<void> => {
      await writeAll(file, bytes);
      octets += bytes.length;
    };
    const start = Buffer.alloc(startOctets, mark);
    start.writeUInt32LE(version, mark.length);
    hash.update(start);
    await put(start);
    for (const piece of pieces) {
      signal.throwIfAborted();
      const framed = await frame(piece);
      hash.update(framed);
      await put(framed);
    }
    const end = Buffer.alloc(lengthsOctets);
    hash.update(end);
    await put(Buffer.concat([end, hash.digest()]));
    signal.throwIfAborted();
    await file.sync();
    await file.close();
    await rename(beside, path);
    await syncFolder(dirname(path));
    return octets;
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlink(beside).catch(() => undefined);
    throw error;
  }
}

/**
 * The pieces of a snapshot. The whole file is checked first, so a torn one gives none. Throws UnreadableSnapshot, or the
 * disk's error.
 */
export async function* readSnapshotFile(path: string): AsyncGenerator<SnapshotPiece, void, undefined> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    await check(file, size);
    for (let at = startOctets; ;) {
      const lengths = await read(file, at, lengthsOctets);
      const [inflated, compressed] = [lengths.readUInt32LE(0), lengths.readUInt32LE(4)];
      at += lengthsOctets;
      if (compressed === 0) return;
      if (inflated > mostPieceOctets || compressed > size - hashOctets - at)
        throw new UnreadableSnapshot('has a piece that is too large');
      yield unframed(await read(file, at, compressed), inflated);
      at += compressed;
    }
  } finally {
    await file.close();
  }
}

async function check(file: FileHandle, size: number): Promise<void> {
  const start = await read(file, 0, Math.min(size, startOctets));
  if (!start.subarray(0, mark.length).equals(mark)) throw new UnreadableSnapshot('is no snapshot of a table');
  if (size < startOctets + lengthsOctets + hashOctets) throw new UnreadableSnapshot('is torn');
  const written = start.readUInt32LE(mark.length);
  if (size > mostFileOctets) throw new UnreadableSnapshot('is larger than a snapshot can be');
  const hash = createHash('sha256');
  for (let at = 0; at < size - hashOctets; at += blockOctets)
    hash.update(await read(file, at, Math.min(blockOctets, size - hashOctets - at)));
  const sound = hash.digest().equals(await read(file, size - hashOctets, hashOctets));
  // This comes before the checksum, because a newer format may end in another way.
  if (written > version)
    throw new UnreadableSnapshot(`was written by a newer version (form ${written}, known is ${version})`);
  if (!sound) throw new UnreadableSnapshot('is torn');
  if (written < version) throw new UnreadableSnapshot(`is of an older form (${written}, now ${version})`);
}

async function frame({ head, body }: SnapshotPiece): Promise<Buffer> {
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const plain = Buffer.concat([length, json, body]);
  const compressed = await compress(plain, quick);
  const lengths = Buffer.alloc(lengthsOctets);
  lengths.writeUInt32LE(plain.length, 0);
  lengths.writeUInt32LE(compressed.length, 4);
  return Buffer.concat([lengths, compressed]);
}

async function unframed(compressed: Buffer, length: number): Promise<SnapshotPiece> {
  const unlike = new UnreadableSnapshot('has a piece that is none');
  const plain = await inflate(compressed, { maxOutputLength: Math.max(1, length) }).catch(() => null);
  if (plain === null || plain.length !== length || length < 4) throw unlike;
  const bodyAt = 4 + plain.readUInt32LE(0);
  if (bodyAt > length) throw unlike;
  try {
    return { head: JSON.parse(plain.toString('utf8', 4, bodyAt)) as unknown, body: plain.subarray(bodyAt) };
  } catch {
    throw unlike;
  }
}

async function read(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) throw new UnreadableSnapshot('is torn');
    done += bytesRead;
  }
  return bytes;
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
}

/** A file's new name is durable only after its folder is synced. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
