import { describe, expect, test } from "vitest";
import { afterDeletion, HttpError, type HttpErrorDetails } from "../../src/http/errors.ts";
import { Attempts } from "../../src/sweep/attempt.ts";

const GET = { method: "GET", url: "https://registry.example/v2/", retryable: true } as const;

describe("the error of a check that follows a DELETE", () => {
  test.each<[string, HttpErrorDetails]>([
    ["the server did not receive the check", { ...GET, code: "network", unsent: true }],
    ["the host limits the check", { ...GET, code: "status", status: 429 }],
    ["a tag's DELETE came too late", { ...GET, method: "DELETE", code: "expired", unsent: true }],
    ["the server fails", { ...GET, code: "status", status: 503 }],
  ])("means that the DELETE may have succeeded: %s", async (_why, details) => {
    const check = Promise.reject(new HttpError("the check failed", details));
    const error: unknown = await afterDeletion(check).catch((caught: unknown) => caught);
    const attempts = new Attempts();
    expect(attempts.failed("sha256:1", error)).toBe("again");
    expect(attempts.mayHaveSucceeded("sha256:1")).toBe(true);
  });

  test("of a cancelled run is not that of a DELETE that was not sent", async () => {
    const cancelled = new HttpError("cancelled", { ...GET, retryable: false, code: "interrupted", unsent: true });
    const error: unknown = await afterDeletion(Promise.reject(cancelled)).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "interrupted", unsent: undefined });
  });

  test("is the same if it is final", async () => {
    const final = new HttpError("not found", { ...GET, retryable: false, code: "status", status: 400 });
    await expect(afterDeletion(Promise.reject(final))).rejects.toBe(final);
  });
});
