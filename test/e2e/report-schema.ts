import { Ajv } from "ajv";

const OUTCOMES = ["deleted", "gone", "failed", "changed", "planned", "kept"];
const GC = ["not-started", "started", "succeeded", "failed", "timed-out", "unsupported", "skipped"];

const closedObject = (properties: Readonly<Record<string, object>>, optional: readonly string[] = []) => ({
  type: "object",
  additionalProperties: false,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
});
const orNull = (type: string, more: object = {}) => ({ type: [type, "null"], ...more });
const time = { type: "string", pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" };

const manifest = closedObject(
  {
    digest: { type: "string", pattern: "^sha256:[0-9a-f]{64}$" },
    tags: { type: "array", uniqueItems: true, items: { type: "string" } },
    kind: { enum: ["image", "index", "referrer", "unknown"] },
    pushedAt: { ...time, type: ["string", "null"] },
    sizeBytes: orNull("integer", { minimum: 0 }),
    decision: { enum: ["keep", "delete"] },
    reason: { type: "string", minLength: 1 },
    outcome: { enum: OUTCOMES },
    error: orNull("string", { minLength: 1 }),
    versionId: { type: "integer" },
  },
  ["versionId"],
);

/** The report file, version 1, as the public interface writes it down: nothing more, and nothing less. */
export const reportSchema = closedObject({
  version: { const: 1 },
  dryRun: { type: "boolean" },
  registry: { type: "string" },
  startedAt: time,
  finishedAt: time,
  repositories: {
    type: "array",
    items: closedObject({
      name: { type: "string", minLength: 1 },
      error: orNull("string", { minLength: 1 }),
      manifests: { type: "array", items: manifest },
    }),
  },
  requests: { type: "object", additionalProperties: { type: "integer", minimum: 1 } },
  garbageCollection: closedObject({
    status: { enum: GC },
    freedBytes: orNull("integer", { minimum: 0 }),
    blobsDeleted: orNull("integer", { minimum: 0 }),
  }),
});

/** A report file as far as the tests read it. */
export interface Report {
  readonly dryRun: boolean;
  readonly registry: string;
  readonly repositories: readonly {
    readonly name: string;
    readonly error: string | null;
    readonly manifests: readonly {
      readonly digest: string;
      readonly tags: readonly string[];
      readonly decision: string;
      readonly outcome: string;
      readonly error: string | null;
    }[];
  }[];
  readonly requests: Readonly<Record<string, number>>;
}

const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile<Report>(reportSchema);

/** The report of a step, or an error that says where it is none. */
export function asReport(report: unknown): Report {
  if (validate(report)) return report;
  throw new Error(`the report file is none: ${JSON.stringify(validate.errors?.slice(0, 5))}`);
}
