import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** A request as it came: what Discord's own description of its API is asked about. */
export interface Request {
  readonly method: string;
  /** Below /api/v10. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The JSON of the body; undefined: none came. */
  readonly json: unknown;
}

type Schema = Record<string, unknown>;

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema; readonly required?: boolean }[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Record<string, { readonly schema: Schema } | undefined> };
}

interface Description {
  readonly paths: Record<string, Record<string, Operation | undefined> | undefined>;
  readonly components: { readonly schemas: Record<string, Schema> };
}

interface Path {
  readonly pattern: RegExp;
  readonly operations: Record<string, Operation | undefined>;
}

const file = new URL('../../fixtures/discord/openapi.json.gz', import.meta.url);

/** Every way in which these requests differ from Discord's OpenAPI file, a sentence each. */
export function violationsOf(request: Request): string[] {
  const name = `${request.method} ${request.path}`;
  const operation = oracle().paths.find(({ pattern }) => pattern.test(request.path))?.operations[request.method.toLowerCase()];
  if (operation === undefined) return [`${name}: no such route`];
  return [...queryViolations(operation, request), ...bodyViolations(operation, request)].map((violation) => `${name}: ${violation}`);
}

function queryViolations(operation: Operation, { query }: Request): string[] {
  const known = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
  const found: string[] = [];
  for (const [key, text] of query) {
    const parameter = known.find(({ name }) => name === key);
    if (parameter === undefined) found.push(`query ${key}: unknown`);
    else found.push(...schemaViolations(parameter.schema, fromQuery(text, parameter.schema)).map((violation) => `query ${key}: ${violation}`));
  }
  for (const { name, required } of known) if (required === true && !query.has(name)) found.push(`query ${name}: missing`);
  return found;
}

/** In a query all is text; what is no number or boolean stays text, for the schema to refuse. */
function fromQuery(text: string, { type }: Schema): unknown {
  const types = Array.isArray(type) ? type : [type];
  if ((types.includes('integer') || types.includes('number')) && text !== '' && Number.isFinite(Number(text))) return Number(text);
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function bodyViolations({ requestBody }: Operation, { json }: Request): string[] {
  if (requestBody === undefined) return json === undefined ? [] : ['a body where none belongs'];
  // The multipart form is the same JSON in payload_json, beside the files.
  const schema = requestBody.content['application/json']?.schema;
  if (json === undefined || schema === undefined) return requestBody.required === true ? ['no body'] : [];
  return schemaViolations(schema, json);
}

function schemaViolations(schema: Schema, value: unknown): string[] {
  const { ajv, compiled } = oracle();
  let validate = compiled.get(schema);
  if (validate === undefined) compiled.set(schema, (validate = ajv.compile(schema)));
  return validate(value) ? [] : wordsOf(validate.errors ?? []);
}

/** Of an alternative that fails, ajv lists the errors of every branch; those deepest in the value come from the branch that was meant. */
function wordsOf(errors: readonly ErrorObject[]): string[] {
  const depth = ({ instancePath, keyword }: ErrorObject): number => instancePath.split('/').length + (keyword === 'additionalProperties' ? 0.5 : 0);
  const deepest = Math.max(...errors.map(depth));
  const words = errors.filter((error) => depth(error) === deepest).map((error) => {
    const extra = error.keyword === 'additionalProperties' ? ` (${(error.params as { additionalProperty: string }).additionalProperty})` : '';
    return `body${error.instancePath} ${error.message ?? error.keyword}${extra}`;
  });
  return [...new Set(words)];
}

interface Oracle {
  readonly ajv: Ajv2020;
  /** Those without parameters first: /users/@me is no /users/{id}. */
  readonly paths: readonly Path[];
  readonly compiled: Map<Schema, ValidateFunction>;
}

let loaded: Oracle | undefined;

/** Read at the first request of the process, and each operation compiled at its first use: the file describes 200 of them. */
function oracle(): Oracle {
  return (loaded ??= load());
}

function load(): Oracle {
  const text = gunzipSync(readFileSync(file)).toString().replaceAll('"#/components/', '"discord#/components/');
  const { paths, components } = JSON.parse(text) as Description;
  amend(components.schemas);
  const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true, discriminator: false });
  // The package's types describe its CommonJS form.
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  ajv.addFormat('snowflake', /^\d{1,20}$/);
  ajv.addFormat('nonce', true);
  ajv.addSchema({ $id: 'discord', components }, 'discord');
  const shapes = Object.entries(paths).sort(([a], [b]) => a.split('{').length - b.split('{').length);
  return {
    ajv,
    paths: shapes.map(([path, operations]) => ({ pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`), operations: operations ?? {} })),
    compiled: new Map(),
  };
}

/** Where the file is known to be wrong for bots, and one thing it leaves open. */
function amend(schemas: Record<string, Schema>): void {
  // 4000 characters are for people who pay; the documentation's Create Message says 2000.
  for (const name of ['MessageCreateRequest', 'MessageEditRequestPartial']) (propertiesOf(schemas[name]).content).maxLength = 2000;
  // The documentation's Application Command Object has the bit set as a string, as everywhere.
  for (const name of ['ApplicationCommandUpdateRequest', 'ApplicationCommandCreateRequest', 'ApplicationCommandPatchRequestPartial']) {
    propertiesOf(schemas[name]).default_member_permissions = { type: ['string', 'null'], pattern: '^\\d+$' };
  }
  // Discord passes over a field that it does not know; in what a bot sends, that is a slip of the pen.
  for (const schema of Object.values(schemas)) if (schema.type === 'object' && schema.properties !== undefined) schema.additionalProperties ??= false;
}

const propertiesOf = (schema: Schema): Record<string, Schema> => schema.properties as Record<string, Schema>;
