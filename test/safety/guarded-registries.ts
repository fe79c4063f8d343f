import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { TestServer } from "../servers/http-server.ts";
import { basicAuth, type Guard, TokenService } from "../servers/oci/auth.ts";
import { serveOci } from "../servers/oci/server.ts";
import { RegistryStore } from "../servers/oci/store.ts";
import { fillScenario, NOW, openScenario } from "./scenario.ts";

/** Contains characters that URLs, JSON and Markdown escape. */
const PASSWORD = 'pa"ss/w+rd =%example';
const USER = "jane";
const REFRESH = "refresh/example+token==";
const DOP = "dop_v1_example";

export const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A registry that requires a login. */
export interface GuardedRegistry {
  readonly inputs: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly servers: readonly Pick<TestServer, "requests" | "inject">[];
  /** The user's credentials, in the forms in which they are sent. */
  readonly given: readonly string[];
}

/** Opens a registry for each way to log in. It is closed after the test. */
export const LOGINS = {
  "DigitalOcean, by its API token": () => openGuardedScenario("digitalocean", [DOP, base64(`${DOP}:${DOP}`)]),
  "GHCR, by github-token": () => openGuardedScenario("ghcr", []),
  "Distribution, by user and password": () =>
    serveGuarded(basicAuth({ user: USER, password: PASSWORD }), INPUTS, BASIC),
  "Distribution, by user and password at a token server": () => serveGuarded(tokenService().guard(), INPUTS, BASIC),
  "Distribution, by docker login": () =>
    serveGuarded(basicAuth({ user: USER, password: PASSWORD }), { auth: base64(`${USER}:${PASSWORD}`) }, BASIC),
  "Distribution, by docker login at a token server": () =>
    serveGuarded(tokenService().guard(), { username: USER, password: PASSWORD }, BASIC),
  "Distribution, by docker login's identity token": () =>
    serveGuarded(takingRefreshTokens(tokenService()), { identitytoken: REFRESH }, [REFRESH]),
} satisfies Readonly<Record<string, () => Promise<GuardedRegistry>>>;

const INPUTS = "inputs";
const BASIC = [PASSWORD, base64(`${USER}:${PASSWORD}`)];

function tokenService(): TokenService {
  return new TokenService({ accepts: (login) => login?.user === USER && login.password === PASSWORD });
}

function takingRefreshTokens(service: TokenService): Guard {
  const guard = service.guard();
  return (request) => {
    if (request.method !== "POST" || request.url.pathname !== "/token") return guard(request);
    const form = new URLSearchParams(request.body.toString());
    if (form.get("refresh_token") !== REFRESH) return { status: 401 };
    const url = new URL(`?scope=${form.get("scope")}`, request.url);
    return service.issue({ ...request, url, headers: { authorization: `Basic ${base64(`${USER}:${PASSWORD}`)}` } });
  };
}

async function openGuardedScenario(kind: "digitalocean" | "ghcr", given: readonly string[]): Promise<GuardedRegistry> {
  const scenario = await openScenario(kind);
  onTestFinished(() => scenario.close());
  return {
    inputs: scenario.inputs,
    environment: scenario.environment,
    servers: Object.values(scenario.servers),
    given,
  };
}

/** @param login the inputs `username` and `token`, or the registry's entry in Docker's configuration */
async function serveGuarded(
  guard: Guard,
  login: typeof INPUTS | object,
  given: readonly string[],
): Promise<GuardedRegistry> {
  const store = new RegistryStore({ now: () => NOW });
  fillScenario(store);
  const server = await serveOci(store, { guard, referrersApi: "no", tagDeletes: "refused", paging: "ignore-n" });
  const folder = mkdtempSync(join(tmpdir(), "refsweep-docker-"));
  onTestFinished(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server.close();
  });
  const registry = server.url.host;
  const environment = { DOCKER_CONFIG: folder };
  if (login === INPUTS) {
    return { inputs: { registry, username: USER, token: PASSWORD }, environment, servers: [server], given };
  }
  writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [registry]: login } }));
  return { inputs: { registry }, environment, servers: [server], given };
}
