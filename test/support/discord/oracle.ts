import type { ErrorObject } from 'ajv/dist/2020.js';
import { description, type Operation, type Schema } from './rest/description.js';

/** A request as it arrived, to compare with Discord's own description of its API. */
export interface Request {
  readonly method: string;
  /** Below /api/v10. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The body's JSON; undefined: the request had no body. */
  readonly json: unknown;
}

/** Every difference between this request and Discord's OpenAPI file, a sentence each. */
export function violationsOf(request: Request): string[] {
  const name = `${request.method} ${request.path}`;
  const operation = description().paths.find(({ pattern }) => pattern.test(request.path))?.operations[
    request.method.toLowerCase()
  ];
  if (operation === undefined) return [`${name}: no such route`];
  return [...queryViolations(operation, request), ...bodyViolations(operation, request)].map(
    (violation) => `${name}: ${violation}`,
  );
}

function queryViolations(operation: Operation, { query }: Request): string[] {
  const known = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
  const found: string[] = [];
  for (const [key, text] of query) {
    const parameter = known.find(({ name }) => name === key);
    if (parameter === undefined) found.push(`query ${key}: unknown`);
    else
      found.push(
        ...schemaViolations(parameter.schema, fromQuery(text, parameter.schema)).map(
          (violation) => `query ${key}: ${violation}`,
        ),
      );
  }
  for (const { name, required } of known)
    if (required === true && !query.has(name)) found.push(`query ${name}: missing`);
  return found;
}

/** A query holds only text. Text that is neither a number nor a boolean stays text, and the schema refuses it. */
function fromQuery(text: string, { type }: Schema): unknown {
  const types = Array.isArray(type) ? type : [type];
  if ((types.includes('integer') || types.includes('number')) && text !== '' && Number.isFinite(Number(text)))
    return Number(text);
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function bodyViolations({ requestBody }: Operation, { json }: Request): string[] {
  if (requestBody === undefined) return json === undefined ? [] : ['a body where none belongs'];
  // A multipart form holds the same JSON in payload_json, beside the files.
  const schema = requestBody.content['application/json']?.schema;
  if (json === undefined || schema === undefined) return requestBody.required === true ? ['no body'] : [];
  return schemaViolations(schema, json);
}

function schemaViolations(schema: Schema, value: unknown): string[] {
  const validate = description().validatorOf(schema);
  return validate(value) ? [] : wordsOf(validate.errors ?? []);
}

/** Leaves out errors that only repeat an error further down, or that only say a value is not null. */
function wordsOf(errors: readonly ErrorObject[]): string[] {
  const below = (path: string): boolean => errors.some((other) => other.instancePath.startsWith(`${path}/`));
  const wantsNull = ({ params }: ErrorObject): boolean =>
    (params as { readonly type?: unknown } | undefined)?.type === 'null';
  const telling = errors.filter(
    (error) => !below(error.instancePath) && !['oneOf', 'anyOf'].includes(error.keyword) && !wantsNull(error),
  );
  const words = (telling.length > 0 ? telling : errors).map(({ instancePath, keyword, message, params }) => {
    const extra =
      keyword === 'additionalProperties' ? `: ${(params as { additionalProperty: string }).additionalProperty}` : '';
    return `value${instancePath} ${message ?? keyword}${extra}`;
  });
  return [...new Set(words)];
}
