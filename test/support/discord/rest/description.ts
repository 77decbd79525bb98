import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { DataValidateFunction, DataValidationCxt } from 'ajv/dist/types/index.js';
import addFormats from 'ajv-formats';

export type Schema = Record<string, unknown>;

export interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema: Schema;
    readonly required?: boolean;
  }[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: Record<string, { readonly schema: Schema } | undefined>;
  };
}

/** Discord's OpenAPI file, parsed for lookups. */
export interface Description {
  /** Paths with fewer parameters come first, so that /users/@me does not match /users/{id}. */
  readonly paths: readonly { readonly pattern: RegExp; readonly operations: Record<string, Operation | undefined> }[];
  validatorOf(schema: Schema): ValidateFunction;
}

interface OpenApi {
  readonly paths: Record<string, Record<string, Operation | undefined>>;
  readonly components: { readonly schemas: Record<string, Schema> };
}

const file = new URL('../../../fixtures/discord/openapi.json.gz', import.meta.url);
const prefix = '#/components/schemas/';
let loaded: Description | undefined;

/**
 * Read at the first request of the process. A schema is compiled when a value first reaches it, because there are 540.
 */
export function description(): Description {
  return (loaded ??= load());
}

function load(): Description {
  const {
    paths,
    components: { schemas },
  } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as OpenApi;
  amend(schemas);
  for (const schema of Object.values(schemas)) untie(schema, schemas);
  untie(paths, schemas);

  const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true, code: { optimize: false } });
  // The package's types describe its CommonJS form.
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  ajv.addFormat('snowflake', /^\d{1,20}$/);
  ajv.addFormat('nonce', true);
  const compiled = new Map<Schema, ValidateFunction>();
  const validatorOf = (schema: Schema): ValidateFunction => {
    let validate = compiled.get(schema);
    if (validate === undefined) compiled.set(schema, (validate = ajv.compile(schema)));
    return validate;
  };
  const keyword = (name: string, choose: (schema: unknown, value: unknown) => Schema | string | null): void => {
    const validate: DataValidateFunction &
      ((schema: unknown, value: unknown, parent?: unknown, place?: DataValidationCxt) => boolean) = (
      schema: unknown,
      value: unknown,
      _parent?: unknown,
      place?: DataValidationCxt,
    ) => {
      const chosen = choose(schema, value);
      if (chosen === null) return true;
      if (typeof chosen === 'string') {
        validate.errors = [{ keyword: name, message: chosen }];
        return false;
      }
      const inner = validatorOf(chosen);
      if (inner(value)) return true;
      validate.errors = inner.errors!.map((error: ErrorObject) => ({
        ...error,
        instancePath: `${place?.instancePath ?? ''}${error.instancePath}`,
      }));
      return false;
    };
    ajv.addKeyword({ keyword: name, validate, errors: 'full' });
  };
  keyword('described', (name) => schemas[name as string]);
  keyword('byType', (union, value) => {
    const { names, nullable } = union as Union;
    if (value === null && nullable) return null;
    const type = (value as { readonly type?: unknown } | null | undefined)?.type;
    const name = names[String(type)] as string | undefined;
    return name === undefined ? `must have a type of ${Object.keys(names).join(', ')}` : schemas[name];
  });

  const shapes = Object.entries(paths).sort(([a], [b]) => a.split('{').length - b.split('{').length);
  return {
    paths: shapes.map(([path, operations]) => ({
      pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
      operations,
    })),
    validatorOf,
  };
}

/** Corrects the file where it is known to be wrong for bots, and closes one gap. */
function amend(schemas: Record<string, Schema>): void {
  // 4000 characters are for subscribers; the documentation's Create Message says 2000.
  for (const name of ['MessageCreateRequest', 'MessageEditRequestPartial'])
    propertiesOf(schemas[name]).content.maxLength = 2000;
  // The documentation's Application Command Object has the bit set as a string, as everywhere else.
  for (const name of [
    'ApplicationCommandUpdateRequest',
    'ApplicationCommandCreateRequest',
    'ApplicationCommandPatchRequestPartial',
  ]) {
    propertiesOf(schemas[name]).default_member_permissions = { type: ['string', 'null'], pattern: '^\\d+$' };
  }
  // discord.js sends these fields with every message, even where they have no meaning.
  for (const { properties } of Object.values(schemas) as {
    readonly properties?: Record<string, Schema | undefined>;
  }[]) {
    if (properties?.content === undefined || properties.embeds === undefined) continue;
    for (const name of ['tts', 'enforce_nonce']) properties[name] ??= { type: 'boolean' };
  }
  // Discord ignores a field that it does not know. If the bot sends one, it is a mistake.
  for (const schema of Object.values(schemas))
    if (schema.type === 'object' && schema.properties !== undefined) schema.additionalProperties ??= false;
}

const propertiesOf = (schema: Schema): Record<string, Schema> => schema.properties as Record<string, Schema>;

/** By the value of `type`, the schema that belongs to it. */
interface Union {
  readonly names: Readonly<Record<string, string>>;
  readonly nullable: boolean;
}

/**
 * Compiling a message's schema with all its references takes half a second, and a mistake in one of eleven alternatives
 * gives errors for all eleven. So this rewrites the schema in place: a reference becomes `described`, which is followed
 * when a value reaches it; alternatives that differ in `type` become `byType`, which checks only the alternative that
 * the value names.
 */
function untie(node: unknown, schemas: Record<string, Schema>): void {
  if (typeof node !== 'object' || node === null) return;
  const schema = node as Schema;
  if (typeof schema.$ref === 'string' && schema.$ref.startsWith(prefix)) {
    schema.described = schema.$ref.slice(prefix.length);
    delete schema.$ref;
    return;
  }
  for (const key of ['oneOf', 'anyOf']) {
    const union = Array.isArray(schema[key]) ? unionOf(schema[key] as Schema[], schemas) : null;
    if (union === null) continue;
    schema.byType = union;
    schema[key] = undefined;
  }
  for (const child of Object.values(schema)) untie(child, schemas);
}

/** null: not every alternative names its type. */
function unionOf(branches: readonly Schema[], schemas: Record<string, Schema>): Union | null {
  const names: Record<string, string> = {};
  const named = branches.filter(({ type }) => type !== 'null');
  for (const { $ref } of named) {
    const name = typeof $ref === 'string' ? $ref.slice(prefix.length) : null;
    const properties =
      name === null ? undefined : (schemas[name].properties as Record<string, Schema | undefined> | undefined);
    const types = properties?.type?.enum;
    if (name === null || !Array.isArray(types)) return null;
    for (const type of types) names[String(type)] = name;
  }
  return named.length < 2 ? null : { names, nullable: named.length < branches.length };
}
