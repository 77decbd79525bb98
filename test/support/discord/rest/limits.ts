import { Refusal, type FormError } from './answer.js';
import type { Embed, MessageBody } from '../message.js';
import type { UploadedFile } from './multipart.js';

/** Discord's documentation: Create Message, Embed Limits, Uploading Files. */
const limits = {
  content: 2000,
  nonce: 25,
  embeds: 10,
  embedSum: 6000,
  title: 256,
  description: 4096,
  fields: 25,
  fieldName: 256,
  fieldValue: 1024,
  footer: 2048,
  author: 256,
  attachments: 10,
  altText: 1024,
  rows: 5,
  fileBytes: 10 * 1024 * 1024,
  requestBytes: 25 * 1024 * 1024,
} as const;

export function checkRequestSize(bytes: number): void {
  if (bytes > limits.requestBytes) throw new Refusal(40005);
}

/** Throws 40005, or 50035 with its tree of errors, if the message exceeds a limit. */
export function checkLimits(body: MessageBody, files: readonly UploadedFile[]): void {
  if (files.some(({ bytes }) => bytes.length > limits.fileBytes)) throw new Refusal(40005);
  const errors: FormError[] = [];
  const tooLong = (text: string | null | undefined, limit: number, ...path: (string | number)[]): void => {
    if (lengthOf(text) > limit)
      errors.push({ path, code: 'BASE_TYPE_MAX_LENGTH', message: `Must be ${limit} or fewer in length.` });
  };
  const tooMany = (list: readonly unknown[] | null | undefined, limit: number, path: string): void => {
    if ((list ?? []).length > limit)
      errors.push({ path: [path], code: 'BASE_TYPE_MAX_LENGTH', message: `Must be ${limit} or fewer in length.` });
  };
  tooLong(body.content, limits.content, 'content');
  tooLong(body.nonce, limits.nonce, 'nonce');
  tooMany(body.embeds, limits.embeds, 'embeds');
  tooMany(body.components, limits.rows, 'components');
  if ((body.attachments ?? files).length > limits.attachments)
    tooMany(body.attachments ?? files, limits.attachments, 'attachments');
  body.attachments?.forEach(({ description }, n) =>
    tooLong(description, limits.altText, 'attachments', n, 'description'),
  );
  (body.embeds ?? []).forEach((embed, n) => checkEmbed(embed, n, tooLong, errors));
  const sum = (body.embeds ?? []).reduce((total, embed) => total + embedLength(embed), 0);
  if (sum > limits.embedSum)
    errors.push({
      path: ['embeds'],
      code: 'MAX_EMBED_SIZE_EXCEEDED',
      message: `Embed size exceeds maximum size of ${limits.embedSum}`,
    });
  if (errors.length > 0) throw new Refusal(50035, errors);
}

type TooLong = (text: string | null | undefined, limit: number, ...path: (string | number)[]) => void;

function checkEmbed(embed: Embed, n: number, tooLong: TooLong, errors: FormError[]): void {
  tooLong(embed.title, limits.title, 'embeds', n, 'title');
  tooLong(embed.description, limits.description, 'embeds', n, 'description');
  tooLong(embed.footer?.text, limits.footer, 'embeds', n, 'footer', 'text');
  tooLong(embed.author?.name, limits.author, 'embeds', n, 'author', 'name');
  const fields = embed.fields ?? [];
  if (fields.length > limits.fields) {
    errors.push({
      path: ['embeds', n, 'fields'],
      code: 'BASE_TYPE_MAX_LENGTH',
      message: `Must be ${limits.fields} or fewer in length.`,
    });
  }
  fields.forEach(({ name, value }, m) => {
    for (const [key, text, limit] of [
      ['name', name, limits.fieldName],
      ['value', value, limits.fieldValue],
    ] as const) {
      tooLong(text, limit, 'embeds', n, 'fields', m, key);
      if (text === '')
        errors.push({
          path: ['embeds', n, 'fields', m, key],
          code: 'BASE_TYPE_REQUIRED',
          message: 'This field is required',
        });
    }
  });
}

/** Code points, because Discord counts those. */
const lengthOf = (text: string | null | undefined): number => Array.from(text ?? '').length;

/** The characters that count towards the limit of all embeds together. */
function embedLength({ title, description, footer, author, fields }: Embed): number {
  const texts = [
    title,
    description,
    footer?.text,
    author?.name,
    ...(fields ?? []).flatMap(({ name, value }) => [name, value]),
  ];
  return texts.reduce((sum, text) => sum + lengthOf(text), 0);
}

/** Whether a reader would see nothing. */
export function isEmpty({ content, embeds, components }: MessageBody, files: number): boolean {
  return (content ?? '').trim() === '' && (embeds ?? []).length === 0 && (components ?? []).length === 0 && files === 0;
}
