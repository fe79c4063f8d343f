import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { Fault } from "../../src/fault.ts";
import { readSettings } from "../../src/inputs/read-settings.ts";

const action: { readonly inputs: Readonly<Record<string, unknown>> } = parse(
  readFileSync(new URL("../../action.yml", import.meta.url), "utf8"),
);
const names = Object.keys(action.inputs);

const secret = fc
  .string({ unit: fc.constantFrom(..."abcXYZ0189_-+=~"), minLength: 12, maxLength: 60 })
  .map((text) => `s3cr3t${text}`);
const around = fc.string({ unit: fc.constantFrom(..."a:/@?#{}!,.'\" \n=%"), maxLength: 8 });

it("no error shows a token, whichever input it was put in", () => {
  let errors = 0;
  const property = fc.property(
    secret,
    around,
    around,
    fc.subarray(names, { minLength: 1 }),
    fc.constantFrom("token", "github-token", "username"),
    (text, before, after, places, held) => {
      const environment: Record<string, string> = { GITHUB_REPOSITORY: "octo/web" };
      for (const name of places) environment[`INPUT_${name.toUpperCase()}`] = before + text + after;
      environment[`INPUT_${held.toUpperCase()}`] = text;
      const error = errorOf(environment);
      if (error === null) return;
      errors += 1;
      expect(error.toLowerCase()).not.toContain(text.toLowerCase());
    },
  );
  fc.assert(property, { numRuns: 1_000 });
  expect(errors).toBeGreaterThan(900);
});

function errorOf(environment: NodeJS.ProcessEnv): string | null {
  try {
    readSettings(environment, () => "{}");
    return null;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return `${error.message}\n${error.remedy}`;
  }
}
