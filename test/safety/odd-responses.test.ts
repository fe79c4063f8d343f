import { afterEach, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { runStepInProcess } from "../e2e/runner.ts";
import type { ServerFault } from "../servers/http-server.ts";
import { assertPullable, serversOf } from "./harness.ts";
import { contentsOf, openScenario, type Scenario, type StoreView } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

const IS_COMPLETE = process.env["REFSWEEP_PROVE"] !== undefined;
/** Each server sends every fourth response in npm test. With REFSWEEP_PROVE=1 (npm run prove) it sends all. */
const STEP = IS_COMPLETE ? 1 : 4;

const raw = (text: string): ServerFault => ({ kind: "raw", text: text.replaceAll("\n", "\r\n") });
const status = (line: string): ServerFault => raw(`HTTP/1.1 ${line}\ncontent-length: 2\n\n{}`);
const header = (line: string): ServerFault => raw(`HTTP/1.1 200 OK\n${line}\ncontent-length: 2\n\n{}`);

/** Responses that break HTTP, or that no server should send. */
const RESPONSES: Readonly<Record<string, ServerFault>> = {
  ...Object.fromEntries(
    [
      "0 Zero",
      "99 Low",
      "099 Low",
      "101 Switching Protocols",
      "299 Odd",
      "399 Odd",
      "499 Odd",
      "600 Odd",
      "777",
      "999 Odd",
    ]
      .concat(["1000 Long", "-1 Minus", "2OO OK", "", "200", "200 \u00e9\u0000"])
      .map((line) => [`the status ${JSON.stringify(line)}`, status(line)]),
  ),
  "not HTTP": raw("SSH-2.0-OpenSSH_9.6\n"),
  "HTTP/2 in clear text": raw("PRI * HTTP/2.0\n\nSM\n\n"),
  "an unknown version": raw("HTTP/9.9 200 OK\ncontent-length: 2\n\n{}"),
  "a header without a colon": header("nonsense"),
  "a header without a name": header(": x"),
  "a header with a null character": header("x-a: a\u0000b"),
  "a header with Latin-1": header("x-a: \u00fc\u00ff"),
  "a header named __proto__": header("__proto__: x\nconstructor: y\ntoString: z"),
  "a folded header": header("x-a: a\n b"),
  "headers of 100 KiB": header(`x-a: ${"a".repeat(100_000)}`),
  "two lengths": header("content-length: 5"),
  "a negative length": raw("HTTP/1.1 200 OK\ncontent-length: -2\n\n{}"),
  "a length that is no number": raw("HTTP/1.1 200 OK\ncontent-length: two\n\n{}"),
  "an endless length": raw("HTTP/1.1 200 OK\ncontent-length: 99999999999999999999999\n\n{}"),
  "an invalid chunk": raw("HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\nxyz\n{}\n0\n\n"),
  "a length and chunks": header("transfer-encoding: chunked"),
  "an unknown encoding": header("content-encoding: zstd"),
  "a broken encoding": header("content-encoding: gzip"),
  "invalid times": header("date: yesterday\nretry-after: soon\nx-ratelimit-remaining: 0\nx-ratelimit-reset: 1e999"),
  "a rate limit that ends in the year 300,000": raw(
    `HTTP/1.1 429 Slow\nretry-after: ${"9".repeat(400)}\nratelimit-remaining: 0\nratelimit-reset: 999999999999999\ncontent-length: 0\n\n`,
  ),
  "an invalid challenge": raw('HTTP/1.1 401 No\nwww-authenticate: Bearer realm="http://[", ,="\ncontent-length: 0\n\n'),
  "an invalid redirect": raw("HTTP/1.1 302 Found\nlocation: http://[\ncontent-length: 0\n\n"),
  "an invalid link": header('link: <http://[>; rel="next"'),
  "304": raw("HTTP/1.1 304 Not Modified\n\n"),
  "204 with a body": raw("HTTP/1.1 204 No Content\ncontent-length: 2\n\n{}"),
};

const HOSTS = [
  ["digitalocean", "api"],
  ["digitalocean", "oci"],
  ["ghcr", "api"],
  ["ghcr", "oci"],
  ["oci", "registry"],
  ["oci", "git"],
  ["oci", "github"],
] as const;

let gitHost: GitHost;
let scenario: Scenario<StoreView>;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

describe.each(HOSTS.map((host, index) => [...host, index] as const))("%s: %s", (kind, name, offset) => {
  test.each(Object.entries(RESPONSES).filter((_, index) => (index + offset) % STEP === 0))(
    "%s is an error with a summary and a report",
    async (_title, fault) => {
      scenario = await openScenario(kind);
      const before = contentsOf(scenario.store);
      serversOf(scenario, gitHost)[name]?.inject(() => fault);
      const result = await runStepInProcess({
        inputs: { ...scenario.inputs, "run-gc": "always" },
        environment: { ...gitHost.environment, ...scenario.environment },
      });
      expect([result.exitCode, result.log]).toEqual([1, expect.stringMatching(/^Error: /m)]);
      expect(result.log).not.toContain("Unexpected error");
      expect(result.summary).toContain("###");
      expect(result.report).toBeDefined();
      expect(result.outputs).toHaveProperty("deleted-count", "0");
      expect(contentsOf(scenario.store)).toEqual(before);
      assertPullable(scenario);
    },
  );
});
