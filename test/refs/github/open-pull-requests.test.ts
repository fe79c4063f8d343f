import { describe, expect, it } from "vitest";
import { listOpenedSince } from "../../../src/refs/github/pull-requests.ts";
import { commitOf, pullRequest } from "../../servers/github/server.ts";
import { closedOnes, HOUR, json, page, range, START, useGitHub } from "./fixture.ts";

const fixture = useGitHub();
const { add, find, operations } = fixture;

describe("a lookup by commit", () => {
  it("reads all open pull requests, and no others", async () => {
    const numbers = range(1, 230);
    add(...numbers.map((number) => pullRequest(number)), ...closedOnes(20, 1_000));
    const { open, closed } = await find({ commits: [commitOf("head", 9), commitOf("merge", 200)] });
    expect(open.map(({ number }) => number)).toEqual(numbers);
    expect(closed).toEqual([]);
    expect(operations()).toEqual(["OpenPullRequests", "OpenPullRequests", "OpenPullRequests"]);
  });

  it("reads no closed pull requests for an unknown commit, because they prove nothing", async () => {
    add(pullRequest(1), pullRequest(2, { state: "merged" }), pullRequest(3, { state: "closed" }));
    const { open, closed } = await find({ commits: ["0123456"] });
    expect(open.map(({ number }) => number)).toEqual([1]);
    expect(closed).toEqual([]);
    expect(operations()).toEqual(["OpenPullRequests"]);
  });

  it("reads the list again if a pull request is reopened on a page that was read", async () => {
    add(...range(1, 150).map((number) => pullRequest(number)));
    add(pullRequest(3, { state: "closed" }));
    fixture.server.inject((_request, ordinal) => {
      if (ordinal === 2) add(pullRequest(3));
      return null;
    });
    const { open } = await find({ commits: [commitOf("head", 3)] });
    expect(open.map(({ number }) => number)).toContain(3);
    expect(fixture.server.requests).toHaveLength(4);
  });

  it("misses none if one is closed and one is opened while the list is read", async () => {
    add(...range(1, 150).map((number) => pullRequest(number)));
    fixture.server.inject((_request, ordinal) => {
      if (ordinal === 2) add(pullRequest(3, { state: "closed" }), pullRequest(151));
      return null;
    });
    const { open } = await find({ commits: [commitOf("head", 151)] });
    expect(open.map(({ number }) => number)).toEqual(range(1, 151));
    expect(fixture.server.requests).toHaveLength(2);
  });

  it("fails if the list is shorter than its total count three times", async () => {
    fixture.server.inject(() => json({ data: { repository: { pullRequests: page([], { totalCount: 1 }) } } }));
    const fault = await fixture.fault({ commits: ["0123456"] });
    expect(fault.kind).toBe("listing");
    expect(fault.message).toContain("1 entry fewer than GitHub counts");
    expect(fixture.server.requests).toHaveLength(3);
  });
});

describe("the pull requests opened since a time", () => {
  const since = START + 100 * HOUR;
  const opened = () => listOpenedSince(fixture.http, fixture.settings(), since);

  it("are read with one request, reopened ones too", async () => {
    add(
      pullRequest(1),
      pullRequest(2, { updatedAt: since + 1_000 }),
      pullRequest(3, { state: "closed", updatedAt: since + 2_000 }),
    );
    const numbers = (await opened()).map(({ number }) => number);
    expect(numbers).toContain(2);
    expect(numbers).not.toContain(3);
    expect(fixture.server.requests).toHaveLength(1);
  });

  it("include those of the hour before, because clocks differ", async () => {
    const updatedAt = (number: number): number => (number < 100 ? since + HOUR : since - number * 20_000);
    add(...range(1, 101).map((number) => pullRequest(number, { updatedAt: updatedAt(number) })));
    expect((await opened()).map(({ number }) => number)).toContain(101);
  });

  it("are read page by page, then the first page again if there were several", async () => {
    add(...range(1, 300).map((number) => pullRequest(number, { updatedAt: since - 151_000_000 + number * 1_000_000 })));
    fixture.server.inject((_request, ordinal) => {
      // 160 is on the second page, and is updated before that page is read.
      if (ordinal === 2) add(pullRequest(160, { updatedAt: since + 500_000_000 }));
      return null;
    });
    expect((await opened()).map(({ number }) => number)).toContain(160);
    expect(fixture.server.requests).toHaveLength(3);
  });

  it("are read twice if more than one page was updated in one second", async () => {
    add(...range(1, 250).map((number) => pullRequest(number, { updatedAt: since + HOUR })));
    expect((await opened()).map(({ number }) => number).toSorted((a, b) => a - b)).toEqual(range(1, 250));
    expect(fixture.server.requests).toHaveLength(6);
  });

  it("are an error if the list changes between pages three times", async () => {
    const updated = (offset: number) =>
      add(...range(1, 150).map((number) => pullRequest(number, { updatedAt: since + offset + number })));
    updated(0);
    fixture.server.inject((_request, ordinal) => {
      updated(ordinal * HOUR);
      return null;
    });
    await expect(opened()).rejects.toMatchObject({ kind: "listing", message: expect.stringContaining("3 times") });
  });
});
