import { describe, expect, it } from "vitest";
import { errorsOf, GHCR, type Inputs, LOCAL, read } from "./setup.ts";

describe("the registry", () => {
  it.each([
    ["registry.digitalocean.com/team-1", "auto", "digitalocean", "https://registry.digitalocean.com", "team-1"],
    ["https://Registry.DigitalOcean.com/team/", "auto", "digitalocean", "https://registry.digitalocean.com", "team"],
    ["http://127.0.0.1:5000/team", "digitalocean", "digitalocean", "http://127.0.0.1:5000", "team"],
    ["ghcr.io/Octo", "auto", "ghcr", "https://ghcr.io", "Octo"],
    ["ghcr.io/octo-", "auto", "ghcr", "https://ghcr.io", "octo-"],
    ["containers.ghe.example/octo", "ghcr", "ghcr", "https://containers.ghe.example", "octo"],
    ["http://127.0.0.1:8080/octo", "ghcr", "ghcr", "http://127.0.0.1:8080", "octo"],
    ["registry.example", "auto", "distribution", "https://registry.example", ""],
    ["registry.example:5000/a/b-c_d", "auto", "distribution", "https://registry.example:5000", "a/b-c_d"],
    ["registry:5000", "auto", "distribution", "https://registry:5000", ""],
    ["http://registry/a", "auto", "distribution", "http://registry", "a"],
    ["HTTPS://registry.example", "distribution", "distribution", "https://registry.example", ""],
    ["localhost", "auto", "distribution", "http://localhost", ""],
    ["localhost:5000/team", "auto", "distribution", "http://localhost:5000", "team"],
    ["registry.localhost", "auto", "distribution", "http://registry.localhost", ""],
    ["127.0.0.1:5000", "auto", "distribution", "http://127.0.0.1:5000", ""],
    ["127.8.8.8", "auto", "distribution", "http://127.8.8.8", ""],
    ["[::1]:5000/x", "auto", "distribution", "http://[::1]:5000", "x"],
    ["https://localhost:5000", "auto", "distribution", "https://localhost:5000", ""],
    ["128.0.0.1", "auto", "distribution", "https://128.0.0.1", ""],
    ["localhost.example", "auto", "distribution", "https://localhost.example", ""],
    ["127.0.0.1.example", "auto", "distribution", "https://127.0.0.1.example", ""],
    ["registry.digitalocean.com.example/a", "auto", "distribution", "https://registry.digitalocean.com.example", "a"],
  ])("%s with provider %s is %s at %s", (registry, provider, is, origin, path) => {
    const settings = read({ registry, provider });
    expect(settings.registry).toMatchObject({ provider: is, path });
    expect(settings.registry.origin.origin).toBe(origin);
    const name = registry.replace(/^https?:\/\//i, "").replace(/\/$/, "");
    expect(settings.registry.name.toLowerCase()).toBe(name.toLowerCase());
  });

  it.each([
    ["docker.io/acme", "Docker Hub", "cannot delete"],
    ["index.docker.io/acme", "Docker Hub", "cannot delete"],
    ["registry-1.docker.io/acme", "Docker Hub", "cannot delete"],
    ["123456789012.dkr.ecr.eu-west-1.amazonaws.com", "Amazon ECR", "`provider: distribution`"],
    ["123456789012.dkr-ecr.eu-west-1.on.aws", "Amazon ECR", "`provider: distribution`"],
    ["public.ecr.aws/acme", "Amazon ECR Public", "cannot delete"],
    ["acme.azurecr.io", "Azure Container Registry", "`provider: distribution`"],
    ["europe-docker.pkg.dev/acme/images", "Google Artifact Registry", "cannot delete"],
    ["eu.gcr.io/acme", "Google Artifact Registry", "cannot delete"],
    ["quay.io/acme", "Quay", "cannot delete"],
    ["registry.gitlab.com/acme/web", "GitLab's container registry", "`provider: distribution`"],
    ["rg.fr-par.scw.cloud/acme", "Scaleway's container registry", "cannot delete"],
    ["fra.ocir.io/acme", "Oracle's container registry", "cannot delete"],
    ["de.icr.io/acme", "IBM's container registry", "cannot delete"],
  ])("%s is an error that names %s", (registry, name, fix) => {
    expect(errorsOf({ registry })).toEqual([
      expect.stringContaining(`it is ${name}, for which Refsweep has no provider yet`),
    ]);
    expect(errorsOf({ registry })).toEqual([expect.stringContaining(fix)]);
    expect(read({ registry, provider: "distribution" }).registry.provider).toBe("distribution");
  });

  it.each(["docker.io.example", "mydocker.io", "gcr.io.example", "azurecr.io", "quay.io.example"])(
    "%s may be any registry",
    (registry) => expect(read({ registry }).registry.provider).toBe("distribution"),
  );

  it.each<[string, Inputs, unknown]>([
    ["DigitalOcean's token is user name and password", {}, { username: "dop_v1_secret", secret: "dop_v1_secret" }],
    ["GHCR uses the GitHub token by default", GHCR, { username: "x-access-token", secret: "ghs_secret" }],
    [
      "GHCR uses `username` and `token`",
      { ...GHCR, token: "ghp_x", username: "me" },
      { username: "me", secret: "ghp_x" },
    ],
    ["another registry needs no credential", LOCAL, null],
    ["another registry accepts a token without a user name", { ...LOCAL, token: "x" }, { username: "", secret: "x" }],
    ["a password can contain blanks", { ...LOCAL, username: "me", token: "a b" }, { username: "me", secret: "a b" }],
  ])("%s", (_, inputs, credential) => expect(read(inputs).credential).toEqual(credential));

  it.each([["true"], ["always"]])("accepts run-gc: %s if the provider has no garbage collection", (runGc) => {
    expect(read({ ...GHCR, "run-gc": runGc }).runGc).toBe(runGc);
    expect(read({ ...LOCAL, "run-gc": runGc })).toMatchObject({ runGc, gcCommand: [] });
  });

  it.each<[string, Inputs, string]>([
    ["api-url", { "api-url": "https://api.example/do" }, "https://api.example/do"],
    ["the provider's API", {}, "https://api.digitalocean.com/"],
    ["the registry itself", LOCAL, "http://localhost:5000/"],
  ])("has its API at %s", (_, inputs, url) => expect(read(inputs).apiUrl.href).toBe(url));

  it("is found at the host of a GitHub Enterprise Server", () => {
    const environment = { GITHUB_SERVER_URL: "https://ghe.example" };
    const inputs = { ...GHCR, registry: "containers.ghe.example/octo" };
    expect(read(inputs, environment).registry).toMatchObject({ provider: "ghcr", path: "octo" });
    expect(read(inputs).registry).toMatchObject({ provider: "distribution", path: "octo" });
  });

  it.each(["registry.digitalocean.com/team", "ghcr.io/team"])("can be read as any OCI registry: %s", (registry) => {
    expect(read({ registry, provider: "distribution" }).registry).toMatchObject({ provider: "distribution" });
  });
});

describe("invalid inputs that depend on each other", () => {
  it.each<[string, Inputs, string, string]>([
    ["an open quote", { ...LOCAL, "gc-command": "sh -c 'gc" }, "gc-command", "a quote is not closed"],
    ["an open double quote", { ...LOCAL, "gc-command": 'sh -c "gc' }, "gc-command", "a quote is not closed"],
    ["a backslash at the end", { ...LOCAL, "gc-command": "gc \\" }, "gc-command", "a quote is not closed"],
    ["two commands", { ...LOCAL, "gc-command": "stop\ngc" }, "gc-command", "several lines"],
    ["an empty command", { ...LOCAL, "gc-command": "'' gc" }, "gc-command", "the command is empty"],
    ["a user name without a password", { ...LOCAL, username: "me" }, "token", "required with `username`"],
    ["a password of two lines", { ...LOCAL, username: "me", token: "a\nb" }, "token", "a line break"],
    [
      "GHCR's host and DigitalOcean's provider",
      { registry: "ghcr.io/octo", provider: "digitalocean" },
      "registry",
      "`provider: ghcr`",
    ],
    [
      "DigitalOcean's host and GHCR's provider",
      { provider: "ghcr", token: "" },
      "registry",
      "`provider: digitalocean`",
    ],
    ["no owner", { provider: "ghcr", registry: "host.example" }, "registry", "OWNER"],
    ["no registry name", { provider: "digitalocean", registry: "host.example" }, "registry", "NAME"],
  ])("%s", (_, inputs, name, part) => {
    const errors = errorsOf(inputs);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(new RegExp(`^- \`${name}\`[: ]`));
    expect(errors[0]).toContain(part);
  });
});
