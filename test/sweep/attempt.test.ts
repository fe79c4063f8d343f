import { describe, expect, test } from "vitest";
import { Fault } from "../../src/fault.ts";
import { HttpError, type HttpErrorDetails } from "../../src/http/errors.ts";
import { Attempts } from "../../src/sweep/attempt.ts";

function httpError(details: Partial<HttpErrorDetails>): HttpError {
  return new HttpError("DELETE failed", {
    code: "status",
    method: "DELETE",
    url: "https://r",
    retryable: false,
    ...details,
  });
}

const RETRYABLE = [
  ["500", httpError({ status: 500, retryable: true })],
  ["a lost connection", httpError({ code: "network", retryable: true })],
] as const;
const LIMITED = [
  ["429", httpError({ status: 429, retryable: true })],
  ["403 with a rate limit", httpError({ status: 403, retryable: true })],
] as const;

describe("a failed deletion", () => {
  test.each(RETRYABLE)("is sent four times after %s, and may have succeeded until a recheck sees it", (_, error) => {
    const attempts = new Attempts();
    for (const attempt of [1, 2, 3, 4]) {
      expect(attempts.givenUp("a")).toBe(null);
      expect(attempts.failed("a", error), `attempt ${attempt}`).toBe("again");
      expect(attempts.mayHaveSucceeded("a")).toBe(true);
      expect(attempts.mayHaveSucceeded("b")).toBe(false);
      attempts.exists("a");
      expect(attempts.mayHaveSucceeded("a")).toBe(false);
    }
    expect(attempts.givenUp("a")).toBe(error);
  });

  test.each(LIMITED)("is sent again after %s, however often, and ends the batch", (_, error) => {
    const attempts = new Attempts();
    expect([1, 2, 3, 4, 5].map(() => attempts.failed("a", error))).toEqual(Array.from({ length: 5 }, () => "again"));
    expect(attempts.endsBatch).toBe(true);
    expect(attempts.mayHaveSucceeded("a")).toBe(false);
    attempts.startBatch();
    expect(attempts.endsBatch).toBe(false);
  });

  test("that was never sent is sent again, and cannot have succeeded", () => {
    const attempts = new Attempts();
    expect(attempts.failed("a", httpError({ code: "expired", unsent: true, retryable: true }))).toBe("again");
    expect(attempts.failed("a", httpError({ code: "network", unsent: true, retryable: true }))).toBe("again");
    expect(attempts.mayHaveSucceeded("a")).toBe(false);
  });

  test.each([400, 409])("is not sent again after %i", (status) => {
    expect(new Attempts().failed("a", httpError({ status }))).toBe("failed");
  });

  test("stops the sweep if the job is cancelled or a fault concerns all", () => {
    expect(new Attempts().failed("a", httpError({ code: "interrupted" }))).toBe("stop");
    expect(new Attempts().failed("a", new Fault("permission", "no", "Fix it."))).toBe("stop");
    expect(() => new Attempts().failed("a", new TypeError("bug"))).toThrow("bug");
  });
});

test("a batch ends after eight failures in a row", () => {
  const attempts = new Attempts();
  const fail = (count: number): void => {
    for (let at = 0; at < count; at += 1) attempts.failed(`${at}`, httpError({ status: 500, retryable: true }));
  };
  fail(7);
  attempts.succeeded();
  fail(7);
  expect(attempts.endsBatch).toBe(false);
  fail(1);
  expect(attempts.endsBatch).toBe(true);
});

test("a batch was answered if a deletion succeeded or was rejected for good", () => {
  const attempts = new Attempts();
  attempts.failed("a", httpError({ status: 500, retryable: true }));
  expect(attempts.wasAnswered).toBe(false);
  attempts.failed("a", httpError({ status: 400 }));
  expect(attempts.wasAnswered).toBe(true);
  attempts.startBatch();
  expect(attempts.wasAnswered).toBe(false);
  attempts.succeeded();
  expect(attempts.wasAnswered).toBe(true);
});
