import { expect, test } from "vitest";
import { refuse } from "../../servers/http-server.ts";
import { answer, digestOf, image, openFixture, REGISTRY } from "./fixture.ts";

const DAY = 86_400_000;
const PUSHED = Date.UTC(2026, 10, 1);

test("lists the manifest and the push time of each tag, 200 a request", async () => {
  const fixture = await openFixture({
    behaviour: { tagPushedAt: (tag) => (tag === "staging" ? PUSHED + 20 * DAY : null) },
  });
  for (let number = 1; number < 250; number += 1)
    fixture.content.push("team/web", image(`${number}`, { tags: [`v${number}`] }));
  fixture.content.push("team/web", image("old", { tags: ["main", "staging"] }));
  const pushes = await fixture.registry.tagPushes?.("team/web");
  expect(pushes?.size).toBe(251);
  expect(pushes?.get("main")).toEqual({ digest: digestOf("old"), pushedAt: PUSHED });
  expect(pushes?.get("staging")).toEqual({ digest: digestOf("old"), pushedAt: PUSHED + 20 * DAY });
  const path = `/v2/registries/${REGISTRY}/repositories/team%2Fweb/tags`;
  expect(fixture.requests()).toEqual([`GET ${path}?page=1&per_page=200`, `GET ${path}?page=2&per_page=200`]);
});

test("has no time if DigitalOcean does not show one", async () => {
  const fixture = await openFixture();
  const entries = ["a", "b"].map((tag, at) => ({
    tag,
    manifest_digest: digestOf(tag),
    updated_at: [null, "yesterday"][at],
  }));
  answer(fixture, { "GET tags": { status: 200, body: { tags: entries, meta: { total: 2 } } } });
  const pushes = await fixture.registry.tagPushes?.("web");
  expect([...(pushes ?? [])].map(([tag, { pushedAt }]) => [tag, pushedAt])).toEqual([
    ["a", null],
    ["b", null],
  ]);
});

test("is empty if the repository does not exist any more, and fails if the list cannot be read", async () => {
  const fixture = await openFixture();
  expect(await fixture.registry.tagPushes?.("gone")).toEqual(new Map());
  fixture.server.inject(() => refuse(403));
  await expect(fixture.registry.tagPushes?.("web")).rejects.toThrow();
});
