import { describe, expect, it } from "vitest";
import { pullRequest } from "../../servers/github/server.ts";
import { type FaultScript, refuse, type ServedRequest, type ServerFault } from "../../servers/http-server.ts";
import { closedOnes, json, range, useGitHub } from "./fixture.ts";

const fixture = useGitHub();
const { add, find } = fixture;

const WENT_WRONG = { message: "Something went wrong while executing your query. This may be the result of a timeout." };
const FAILURES: readonly [string, ServerFault][] = [
  ["an error in a 200", json({ data: null, errors: [WENT_WRONG] })],
  ["an error in a 200 without data", json({ errors: [WENT_WRONG] })],
  ["an error in a 400", refuse(400, {}, { data: null, errors: [WENT_WRONG] })],
  ["an error in a 502", refuse(502, {}, { data: null, errors: [WENT_WRONG] })],
  ["a 504", refuse(504, {}, { message: "We couldn't respond to your request in time." })],
  ["a 520", refuse(520, {}, "<html>")],
  ["RESOURCE_LIMITS_EXCEEDED", json({ errors: [{ type: "RESOURCE_LIMITS_EXCEEDED", message: "Resource limits" }] })],
  [
    "an error of one field",
    json({ data: { repository: null }, errors: [{ ...WENT_WRONG, path: ["repository", "pullRequests", "nodes", 7] }] }),
  ],
];

/** The number of entries that a query requests. */
function sizeOf({ body }: Pick<ServedRequest, "body">): number {
  const { query, variables } = JSON.parse(body.toString());
  return variables.first ?? query.match(/p\d+: /g).length;
}

/** Answers all queries for more than `most` entries with an error. */
const failAbove = (most: number): FaultScript => {
  const fault = json({ data: null, errors: [WENT_WRONG] });
  return (request) => (sizeOf(request) > most ? fault : null);
};

/** Replaces a pull request by null in every response, and adds `errors` to it. */
function hide(number: number, errors?: readonly unknown[]): FaultScript {
  return () => ({
    kind: "altered",
    alter: (reply) => {
      let isHidden = false;
      const body = JSON.parse(JSON.stringify(reply.body), (_key, value) => {
        if (value === null || value.number !== number) return value;
        isHidden = true;
        return null;
      });
      return { ...reply, body: { ...body, ...(isHidden && errors !== undefined ? { errors } : {}) } };
    },
  });
}

describe.each(FAILURES)("%s", (_failure, fault) => {
  it("is retried", async () => {
    add(pullRequest(1), pullRequest(2, { state: "closed" }));
    fixture.server.inject([fault, fault]);
    const { byNumber, open, failures } = await find({ numbers: [2] });
    expect([byNumber.get(2), open, failures]).toMatchObject([{ number: 2 }, [{ number: 1 }], []]);
    expect(fixture.server.requests).toHaveLength(4);
  });

  it("in every response ends the run if open pull requests cannot be read", async () => {
    fixture.server.inject((request) => (JSON.parse(request.body.toString()).variables.first ? fault : null));
    expect(await fixture.fault({ numbers: [2] })).toMatchObject({ kind: "listing" });
  });

  it("in every response leaves closed pull requests out, so that their images are kept", async () => {
    add(pullRequest(1), ...closedOnes(5, 10));
    fixture.server.inject(({ body }) => (body.includes("query OpenPullRequests") ? null : fault));
    const lookups = { numbers: [10, 11], branchTags: ["gone"] };
    const { byNumber, open, closed, failures } = await find(lookups);
    expect([byNumber.size, open.length, closed.length]).toEqual([0, 1, 0]);
    expect(failures.length).toBeGreaterThan(0);
    await expect(find(lookups, { deletesUnmatched: true })).rejects.toMatchObject({ kind: "listing" });
  });
});

describe("smaller queries", () => {
  it("read a list to its end if GitHub does not complete larger ones", async () => {
    add(...range(1, 60).map((number) => pullRequest(number)));
    fixture.server.inject(failAbove(25));
    const { open, failures } = await find({ commits: ["0123456"] });
    expect([open.map(({ number }) => number), failures]).toEqual([range(1, 60), []]);
    expect(fixture.server.requests.map(sizeOf)).toEqual([100, 100, 100, 50, 50, 50, 25, 25, 25]);
  });

  it("look numbers up if GitHub does not complete larger ones", async () => {
    add(...closedOnes(60));
    fixture.server.inject((request, ordinal) =>
      request.body.includes("query OpenPullRequests") ? null : failAbove(30)(request, ordinal),
    );
    const { byNumber, failures } = await find({ numbers: range(1, 60) });
    expect([[...byNumber.keys()], failures]).toEqual([range(1, 60), []]);
  });
});

describe("a pull request that is null", () => {
  it.each([
    ["without an error", undefined],
    ["with an error", [{ ...WENT_WRONG, path: ["repository", "pullRequests", "nodes", 7] }]],
  ])("%s is left out if it is closed", async (_title, errors) => {
    add(...closedOnes(150));
    fixture.server.inject(hide(77, errors));
    const { byNumber, closed, failures } = await find({ branchTags: ["gone"], numbers: [76, 77, 78] });
    expect(closed.map(({ number }) => number)).toEqual(range(150, 1).filter((number) => number !== 77));
    expect([...byNumber.keys()].toSorted()).toEqual([76, 78]);
    expect(failures.length).toBeGreaterThan(0);
  });

  it("ends the run if it is open", async () => {
    add(...range(1, 50).map((number) => pullRequest(number)));
    fixture.server.inject(hide(33));
    const fault = await fixture.fault({ commits: ["0123456"] });
    expect([fault.kind, fault.message]).toEqual(["listing", expect.stringContaining("null for a pull request")]);
    expect(fixture.server.requests.map(sizeOf)).toEqual([100, 50, 25, 25, 12]);
  });
});
