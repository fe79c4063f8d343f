import { expect, test } from "vitest";
import { Graph } from "../../src/plan/graph.ts";
import { keepByThemselves } from "../../src/plan/keep.ts";
import { digestOf, rules } from "./world.ts";

test("keeps a manifest with a tag that appeared after the refs were read", () => {
  const manifest = { digest: digestOf("new"), tags: ["new"], pushedAt: null, sizeBytes: null, blobs: null };
  const graph = new Graph([manifest], new Map(), true);
  const kept = keepByThemselves(graph, new Map(), rules(), new Map());
  expect([...kept].map(([{ digest }, { status }]) => [digest, status])).toEqual([[manifest.digest, "live"]]);
});
