import * as v from "valibot";
import { expect, test } from "vitest";
import { Fault } from "../../src/fault.ts";
import { parseJson, parseValue } from "../../src/http/json.ts";

const schema = v.object({ tags: v.array(v.object({ name: v.string() })) });
const source = { request: "GET https://registry.example/v2/tags", remedy: "Run again." };

test("returns the value of a JSON body", () => {
  expect(parseJson(Buffer.from('{"tags":[{"name":"a","other":1}]}'), schema, source)).toEqual({
    tags: [{ name: "a" }],
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

test("names the request if the body is not JSON", () => {
  const error = thrownBy(() => parseJson(Buffer.from("{"), schema, source));
  expect(error).toBeInstanceOf(Fault);
  expect(error).toMatchObject({
    kind: "listing",
    message: "GET https://registry.example/v2/tags did not return JSON",
    remedy: "Run again.",
  });
});

test("names the title of a web page", () => {
  const page = Buffer.from("<!DOCTYPE html><title>Sign in</title>");
  expect(() => parseJson(page, schema, source)).toThrow('did not return JSON, but a web page "Sign in"');
});

test("names the request and the path of the first unexpected value", () => {
  const error = thrownBy(() => parseValue({ tags: [{ name: 7 }, {}] }, schema, { ...source, kind: "registry" }));
  expect(error).toMatchObject({
    kind: "registry",
    message:
      "GET https://registry.example/v2/tags returned unexpected JSON at tags.0.name: Invalid type: Expected string but received 7",
  });
});

test("cuts the value in the message", () => {
  const error = thrownBy(() => parseValue({ tags: "x".repeat(10_000) }, schema, source));
  expect(error).toBeInstanceOf(Fault);
  if (error instanceof Fault) expect(error.message.length).toBeLessThan(300);
});
