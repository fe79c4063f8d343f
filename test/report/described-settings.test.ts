import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { describeSettings } from "../../src/report/described-settings.ts";
import { reportPieces } from "../../src/report/report-file.ts";
import { asReport } from "../e2e/report-schema.ts";
import { DIGEST, LOCAL, read } from "../inputs/setup.ts";
import { run } from "./results.ts";

const action: { readonly inputs: object } = parse(readFileSync(new URL("../../action.yml", import.meta.url), "utf8"));
const SECRET = ["username", "token", "github-token"];

test("has every input but the credentials, as the schema of the report describes them", () => {
  const settings = describeSettings(read({ "grace-period": "7d", "gc-timeout": "0", "protect-digests": DIGEST }));
  expect(Object.keys(settings).sort()).toEqual(
    Object.keys(action.inputs)
      .filter((name) => !SECRET.includes(name))
      .sort(),
  );
  expect(settings).toMatchObject({
    registry: "registry.digitalocean.com/team",
    provider: "digitalocean",
    "repository-pattern": ["Web-App", "Web-App/**"],
    "protect-digests": [DIGEST],
    "grace-period": "7d",
    "gc-timeout": "0",
    "keep-count": 0,
    "dry-run": false,
  });
  expect(JSON.stringify(settings)).not.toMatch(/secret/);
  asReport(JSON.parse([...reportPieces(run({ settings }))].join("")));
});

test("has only the program of gc-command, because its arguments may be secret", () => {
  const settings = describeSettings(read({ ...LOCAL, "gc-command": "docker exec -e PASSWORD=hunter2 registry gc" }));
  expect(settings["gc-command"]).toBe("docker");
});
