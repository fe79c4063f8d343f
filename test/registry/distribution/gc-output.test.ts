import { describe, expect, test } from "vitest";
import { deletesUntagged, GcOutputParser, isDryRun } from "../../../src/registry/distribution/gc-output.ts";

const A = `sha256:${"a".repeat(64)}` as const;
const B = `sha256:${"b".repeat(64)}` as const;
const C = `sha256:${"c".repeat(64)}` as const;

/** The output for a registry with an index, a deleted image and an untagged one. */
const PRINTED = {
  "2.8.2": `app
app: marking manifest ${C}${" "}
app: marking blob ${B}
app: marking blob ${B}

8 blobs marked, 2 blobs and 0 manifests eligible for deletion
blob eligible for deletion: ${A}
blob eligible for deletion: ${B}
`,
  "2.8.2 with -m": `app
manifest eligible for deletion: ${A}
manifest eligible for deletion: ${B}
app: marking manifest ${C}${" "}
app: marking blob ${C}

2 blobs marked, 2 blobs and 2 manifests eligible for deletion
blob eligible for deletion: ${B}
blob eligible for deletion: ${A}
`,
  "3.1.1 with -m": `app
app: marking manifest ${C}${" "}
app: marking blob ${C}
manifest tags path of repository untagged does not exist
manifest eligible for deletion: {app ${A} [main v1]}

5 blobs marked, 2 blobs and 1 manifests eligible for deletion
blob eligible for deletion: ${A}
blob eligible for deletion: ${B}
app: layer link eligible for deletion: ${C}
`,
};

describe("the output of garbage-collect", () => {
  test.each([
    ["2.8.2", { marked: 8, blobs: 2, manifests: 0 }],
    ["2.8.2 with -m", { marked: 2, blobs: 2, manifests: 2 }],
    ["3.1.1 with -m", { marked: 5, blobs: 2, manifests: 1 }],
  ] as const)("of %s is parsed", (version, summary) => {
    for (const text of [PRINTED[version], PRINTED[version].replaceAll("\n", "\r\n")]) {
      const parser = new GcOutputParser();
      parser.add(text);
      expect(parser.result()).toEqual({ summary, eligible: new Set([A, B]) });
    }
  });

  test("is parsed in chunks of any size, and without the last line end", () => {
    const parser = new GcOutputParser();
    for (const letter of PRINTED["2.8.2"].trimEnd()) parser.add(letter);
    expect(parser.result()).toMatchObject({ summary: { blobs: 2 }, eligible: new Set([A, B]) });
  });

  test.each([
    ["is empty (--quiet)", ""],
    [
      "is that of another program",
      "4 blobs marked, 5 blobs eligible for deletion\nblob eligible for deletion: sha256:abc\n",
    ],
    ["has no line end", "x".repeat(200_000)],
  ])("has no result if it %s", (_, text) => {
    const parser = new GcOutputParser();
    parser.add(text);
    expect(parser.result()).toEqual({ summary: null, eligible: new Set() });
  });
});

describe("the flags of a command", () => {
  test.each([
    [["registry", "garbage-collect", "-m", "config.yml"], true, false],
    [["registry", "garbage-collect", "--delete-untagged", "config.yml"], true, false],
    [["registry", "garbage-collect", "--delete-untagged=true", "config.yml"], true, false],
    [["registry", "garbage-collect", "--delete-untagged=false", "config.yml"], false, false],
    [["registry", "garbage-collect", "-dm", "config.yml"], true, true],
    [["registry", "garbage-collect", "-md", "config.yml"], true, true],
    [["registry", "garbage-collect", "--dry-run", "config.yml"], false, true],
    [["registry", "garbage-collect", "--dry-run=false", "config.yml"], false, false],
    [["ssh", "host", "sh -c 'garbage-collect --dry-run config.yml'"], false, true],
    [["ssh", "host", "docker exec registry registry garbage-collect -m /etc/config.yml"], true, false],
    [
      ["kubectl", "-n", "my-m", "exec", "-m", "registry", "--", "registry", "garbage-collect", "/my-m.yml"],
      false,
      false,
    ],
    [["registry", "garbage-collect", "/etc/-m/config.yml"], false, false],
    [["gitlab-ctl", "registry-garbage-collect", "-m"], true, false],
    [["docker", "compose", "run", "-d", "-m", "collector"], false, false],
    [["docker", "exec", "-d", "registry", "registry", "garbage-collect", "config.yml"], false, false],
  ])("%j", (words, untagged, dryRun) => {
    expect(deletesUntagged(words)).toBe(untagged);
    expect(isDryRun(words)).toBe(dryRun);
  });
});
