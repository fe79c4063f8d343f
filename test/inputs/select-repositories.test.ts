import { describe, expect, it } from "vitest";
import { selectRepositories } from "../../src/inputs/select-repositories.ts";

describe("repository-pattern", () => {
  it.each([
    [["web"], ["web"], ["web"]],
    [
      ["web", "api/v1"],
      ["web", "api/v1"],
      ["web", "api/v1"],
    ],
    [["web", "web/**"], null, ["web"]],
    [["web", "!api"], null, ["web"]],
    [["{web,api}"], null, []],
    [["we?"], null, []],
  ])("%j selects exactly the names %j, and %j without a wildcard", (patterns, names, literals) => {
    expect(selectRepositories(patterns)).toMatchObject({ names, literals });
  });

  it.each([
    [["web", "web/**"], true],
    [["web"], false],
    [["web/**", "web"], false],
  ])("%j is the default of octo/web: %s", (patterns, isDefault) => {
    expect(selectRepositories(patterns, "octo/web").isDefault).toBe(isDefault);
  });

  it("is compared case-insensitively", () => {
    expect(["web", "web/a", "api"].filter(selectRepositories(["Web", "Web/**"]).matches)).toEqual(["web", "web/a"]);
  });
});
