import { afterEach, describe, expect, test } from "vitest";
import { type GhcrBench, openGhcrBench } from "./bench.ts";

let bench: GhcrBench;

afterEach(() => bench.close());

describe("names that no address can hold", () => {
  test.each([
    ["half a character", "\ud800"],
    ["the folder itself", "."],
    ["the folder above", ".."],
  ])("%s: an error that names it, and nothing is sent", async (_, name) => {
    bench = await openGhcrBench({ behaviour: { token: "classic" } });
    await expect(bench.registry.list(name)).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining(JSON.stringify(name)),
    });
    expect(bench.asked().filter((request) => request.includes("/packages"))).toEqual([]);
  });
});
