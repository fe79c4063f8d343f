import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";

/** A report file, as far as tests read it. */
export interface Report {
  readonly dryRun: boolean;
  readonly registry: string;
  readonly provider: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly repositories: readonly {
    readonly name: string;
    readonly error: string | null;
    readonly manifests: readonly {
      readonly digest: string;
      readonly tags: readonly string[];
      readonly image: string;
      readonly kind: string;
      readonly decision: string;
      readonly status: string;
      readonly reason: string;
      readonly outcome: string;
      readonly error: string | null;
    }[];
    readonly staleTags: readonly { readonly tag: string; readonly outcome: string }[];
  }[];
  readonly requests: Readonly<Record<string, number>>;
}

const schema: object = JSON.parse(readFileSync(new URL("../../docs/report.schema.json", import.meta.url), "utf8"));
const validate = formats.default(new Ajv2020({ allErrors: true })).compile<Report>(schema);

/** Returns the report if it matches docs/report.schema.json; throws an error with the first differences if not. */
export function asReport(report: unknown): Report {
  if (validate(report)) return report;
  throw new Error(`The report does not match its schema: ${JSON.stringify(validate.errors?.slice(0, 5))}`);
}
