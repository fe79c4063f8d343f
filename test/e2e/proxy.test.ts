import { createServer, request } from "node:http";
import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type GitHost, serveExampleGitHost } from "./example.ts";
import { annotations, contents, type Fixture, openFixture } from "./fixture.ts";

/** A proxy that forwards or tunnels (CONNECT) every request to its port on 127.0.0.1, for any host name. */
interface Proxy {
  readonly url: string;
  /** `METHOD host:port`, in the order of arrival. */
  readonly seen: readonly string[];
  close(): void;
}

async function startProxy(): Promise<Proxy> {
  const seen: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const target = new URL(incoming.url ?? "");
    seen.push(`${incoming.method} ${target.host}`);
    const { port, pathname, search } = target;
    const { method = "GET", headers } = incoming;
    const onward = request({ host: "127.0.0.1", port, path: `${pathname}${search}`, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.on("connect", (incoming, socket) => {
    seen.push(`CONNECT ${incoming.url}`);
    const port = Number(incoming.url?.split(":")[1]);
    const upstream = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${address.port}`, seen, close };
}

let gitHost: GitHost;
let fixture: Fixture;
let proxy: Proxy;

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
});
afterAll(() => gitHost.close());
beforeEach(async () => {
  [fixture, proxy] = await Promise.all([openFixture(gitHost), startProxy()]);
});
afterEach(async () => {
  proxy.close();
  await fixture.close();
});

const hosts = (): readonly string[] => [...new Set(proxy.seen.map((line) => line.split(" ")[1] ?? ""))].sort();

describe("proxy variables", () => {
  test.each(["HTTP_PROXY", "http_proxy"])(
    "%s receives every request, and the sweep has the same result",
    async (name) => {
      const before = contents(fixture.store).length;
      const result = await fixture.processStep({}, { environment: { ...gitHost.environment, [name]: proxy.url } });
      expect(annotations(result.log)).toEqual([]);
      expect(before - contents(fixture.store).length).toBe(46);
      const { registry } = fixture;
      const all = [registry.api.apiUrl, registry.oci.url, gitHost.git.url, gitHost.github.url].map(({ host }) => host);
      expect(hosts()).toEqual(all.sort());
    },
  );

  test("NO_PROXY excludes a host and port", async () => {
    const { registry } = fixture;
    const direct = [registry.api.apiUrl.host, registry.oci.url.host];
    const environment = { ...gitHost.environment, HTTP_PROXY: proxy.url, NO_PROXY: direct.join(",") };
    const result = await fixture.step({ "dry-run": "true" }, { environment });
    expect(result.exitCode).toBe(0);
    expect(hosts()).toEqual([gitHost.git.url.host, gitHost.github.url.host].sort());
  });

  test("NO_PROXY=* excludes all hosts", async () => {
    const environment = { ...gitHost.environment, HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, NO_PROXY: "*" };
    expect((await fixture.step({ "dry-run": "true" }, { environment })).exitCode).toBe(0);
    expect(proxy.seen).toEqual([]);
  });

  test("HTTPS_PROXY receives HTTPS requests in a tunnel, and no others", async () => {
    const { port } = fixture.registry.api.apiUrl;
    const environment = { ...gitHost.environment, HTTPS_PROXY: proxy.url };
    const result = await fixture.step({ "api-url": `https://api.invalid:${port}` }, { environment });
    // The server behind the tunnel does not speak TLS, so the error shows that the tunnel was used.
    expect(result.exitCode).toBe(1);
    expect(annotations(result.log).join()).toContain("TLS");
    expect(new Set(proxy.seen)).toEqual(new Set([`CONNECT api.invalid:${port}`]));
  });

  test("the password of a proxy is not shown", async () => {
    const url = proxy.url.replace("http://", "http://me:hush-hush@");
    const result = await fixture.step(
      { "dry-run": "true" },
      { environment: { ...gitHost.environment, HTTP_PROXY: url } },
    );
    expect(result.exitCode).toBe(0);
    expect(JSON.stringify(result)).not.toContain("hush-hush");
  });
});
