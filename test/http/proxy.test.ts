import { createServer } from "node:http";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { createHttpClient } from "../../src/http/client.ts";
import { createFakeClock } from "../servers/fake-clock.ts";
import { failure, stage } from "./setup.ts";

/** Starts a proxy that opens tunnels (CONNECT) to 127.0.0.1 for any host name, and responds to other requests itself. */
async function startProxy(target: URL): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((incoming, outgoing) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    outgoing.end("forwarded");
  });
  server.on("connect", (incoming, socket) => {
    seen.push(`CONNECT ${incoming.url}`);
    const upstream = connect(Number(target.port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  const url = await new Promise<string>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "");
    });
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url, seen };
}

describe("proxies of the environment", () => {
  test.each(["HTTP_PROXY", "http_proxy"])("%s gets http requests", async (name) => {
    const { server } = await stage();
    const proxy = await startProxy(server.url);
    const { client } = await stage({ client: { environment: { [name]: proxy.url } } });
    await client.send({ method: "GET", url: new URL("http://registry.invalid/v2/"), expected: [200] });
    expect(proxy.seen.join()).toContain("registry.invalid");
  });

  test.each(["HTTPS_PROXY", "https_proxy"])("%s gets https requests in a tunnel", async (name) => {
    const { server } = await stage();
    const proxy = await startProxy(server.url);
    const { client } = await stage({ client: { environment: { [name]: proxy.url.replace("http://", "") } } });
    const error = await failure(
      client.send({ method: "GET", url: new URL("https://registry.invalid/"), expected: [200] }),
    );
    expect(proxy.seen).toEqual(["CONNECT registry.invalid:443"]);
    expect(error.message).toContain("TLS");
  });

  test.each(["127.0.0.1", "*", ".example,127.0.0.1"])("NO_PROXY=%s bypasses the proxy", async (noProxy) => {
    const { server } = await stage();
    const proxy = await startProxy(server.url);
    const { client } = await stage({ client: { environment: { HTTP_PROXY: proxy.url, NO_PROXY: noProxy } } });
    expect((await client.send({ method: "GET", url: server.url, expected: [200] })).body.toString()).toBe("ok");
    expect([proxy.seen, server.requests.length]).toEqual([[], 1]);
  });

  test("the error for an invalid URL does not contain the URL", () => {
    const make = () =>
      createHttpClient({
        clock: createFakeClock(),
        concurrency: 1,
        environment: { HTTPS_PROXY: "socks4://me:hush@h" },
      });
    expect(make).toThrow("HTTPS_PROXY is not the URL of a proxy");
    expect(make).not.toThrow("hush");
  });
});
