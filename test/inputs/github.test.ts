import { describe, expect, it } from "vitest";
import { errorsOf, type Inputs, read } from "./setup.ts";

describe("the addresses of GitHub", () => {
  const server = "GITHUB_SERVER_URL";
  const api = "GITHUB_API_URL";
  const graphql = "GITHUB_GRAPHQL_URL";
  it.each<[string, Inputs, string, string, string]>([
    ["nothing is set", {}, "https://github.com/", "https://api.github.com/", "https://api.github.com/graphql"],
    [
      "an Enterprise Server",
      { [server]: "https://ghe.example" },
      "https://ghe.example/",
      "https://ghe.example/api/v3",
      "https://ghe.example/api/graphql",
    ],
    [
      "only the API of an Enterprise Server",
      { [api]: "https://ghe.example:8443/api/v3/" },
      "https://ghe.example:8443/",
      "https://ghe.example:8443/api/v3/",
      "https://ghe.example:8443/api/graphql",
    ],
    [
      "a tenant of ghe.com",
      { [server]: "https://octo.ghe.com" },
      "https://octo.ghe.com/",
      "https://api.octo.ghe.com/",
      "https://api.octo.ghe.com/graphql",
    ],
    [
      "only the API of a tenant of ghe.com",
      { [api]: "https://api.octo.ghe.com" },
      "https://octo.ghe.com/",
      "https://api.octo.ghe.com/",
      "https://api.octo.ghe.com/graphql",
    ],
    [
      "a server below a path, without GraphQL",
      { [server]: "https://git.example/gitea", [api]: "https://git.example/gitea/api/v1", [graphql]: "" },
      "https://git.example/gitea/",
      "https://git.example/gitea/api/v1",
      "https://git.example/gitea/api/v1/graphql",
    ],
  ])(
    "%s: missing ones are derived, so that the token is sent to that server only",
    (_, environment, serverUrl, apiUrl, graphqlUrl) => {
      const { github } = read({}, environment);
      expect([github.serverUrl.href, github.apiUrl.href, github.graphqlUrl.href]).toEqual([
        serverUrl,
        apiUrl,
        graphqlUrl,
      ]);
      expect(new URL("octo/web.git", github.serverUrl).href).toBe(`${serverUrl}octo/web.git`);
    },
  );
});

it.each([
  ["GITHUB_API_URL", "api.github.com"],
  ["GITHUB_GRAPHQL_URL", "ftp://github.com"],
  ["GITHUB_SERVER_URL", "https://user:pass@github.com"],
])("%s=%s is invalid, and no password is shown", (name, value) => {
  const errors = errorsOf({}, { [name]: value });
  expect(errors).toEqual([expect.stringContaining(`- \`${name}\`: `)]);
  expect(errors[0]).not.toContain("pass@");
});
