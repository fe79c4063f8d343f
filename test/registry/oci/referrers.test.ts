import { describe, expect, it } from "vitest";
import type { Digest } from "../../../src/digest.ts";
import { digestOfNothing, IMAGE, INDEX, pushImage, pushReferrer } from "../../servers/content.ts";
import type { Reply } from "../../servers/http-server.ts";
import { LOGIN_PAGE } from "../../servers/oci/quirks.ts";
import { listingFault, replaceReplies } from "./replies.ts";
import { type Setup, type SetupOptions, setUp, startServer } from "./setup.ts";

const isReferrersPath = (path: string): boolean => path.includes("/referrers/");

async function setUpSigned(options: SetupOptions = {}): Promise<Setup & { subject: Digest; signature: Digest }> {
  const setup = await setUp(options);
  const subject = pushImage(setup.store, { repository: "app", seed: "v1" });
  const push = { repository: "app", subject, artifactType: "application/x-signature", by: "subject" } as const;
  return { ...setup, subject, signature: pushReferrer(setup.store, push) };
}

function indexReply(body: unknown, type: string = INDEX): Reply {
  return { status: 200, headers: { "content-type": type }, body };
}

describe("the referrers of a manifest", () => {
  it("are read from the API", async () => {
    const { oci, subject, signature } = await setUpSigned();
    expect(await oci.referrers("app", subject)).toEqual([signature]);
    expect(await oci.referrers("app", signature)).toEqual([]);
  });

  it.each([404, 400, 405, 406, 501])("are unknown if the API returns %i; it is requested once", async (status) => {
    const { oci, subject, requests } = await setUpSigned(
      replaceReplies(isReferrersPath, { status, body: "404 page not found\n" }),
    );
    expect(await oci.referrers("app", subject)).toBeNull();
    const count = requests().length;
    expect(await oci.referrers("other", subject)).toBeNull();
    expect(requests()).toEqual([]);
    // The second request checks whether the subject exists. The HTTP client may retry a 5xx.
    if (status < 500) expect(count).toBe(2);
  });

  it.each([301, 302, 303, 307, 308])(
    "are unknown if the API redirects with %i; no redirect is followed",
    async (status) => {
      const webPage = await startServer(() => ({ status: 429, headers: { "retry-after": "86400" } }));
      const headers = { location: new URL("/-/packages", webPage.url).href };
      const { oci, subject, requests } = await setUpSigned(replaceReplies(isReferrersPath, { status, headers }));
      expect(await oci.referrers("app", subject)).toBeNull();
      expect(requests().filter(isReferrersPath)).toHaveLength(1);
      expect(webPage.requests).toEqual([]);
    },
  );

  it("are none for a missing manifest, and unknown for an existing one, if the API returns 404 only sometimes", async () => {
    const missing = digestOfNothing("missing");
    const notFound = { current: missing };
    const { oci, subject, signature } = await setUpSigned(
      replaceReplies((path) => path.endsWith(`/referrers/${notFound.current}`), {
        status: 404,
        body: "404 page not found\n",
      }),
    );
    expect(await oci.referrers("app", missing)).toBeNull();
    expect(await oci.referrers("app", subject)).toEqual([signature]);
    expect(await oci.referrers("app", missing)).toEqual([]);
    notFound.current = subject;
    expect(await oci.referrers("app", subject)).toBeNull();
    expect(await oci.referrers("app", signature)).toEqual([]);
  });

  it.each<[string, Reply, string]>([
    ["without an index's type", indexReply({ manifests: [] }, "application/json"), "instead of an OCI index"],
    ["that is an image", indexReply({ mediaType: IMAGE, manifests: [] }), "instead of an OCI index"],
    ["that is an empty object", indexReply({}), "unexpected JSON"],
    ["with an invalid digest", indexReply({ manifests: [{ digest: "sha256:abc" }] }), "unexpected JSON"],
    ["that is a web page", LOGIN_PAGE, "did not return JSON"],
  ])("are an error for a response %s", async (_what, reply, message) => {
    const { oci, subject } = await setUpSigned(replaceReplies(isReferrersPath, reply));
    await expect(oci.referrers("app", subject)).rejects.toEqual(listingFault(message));
  });

  it("are read from all pages", async () => {
    const [a, b] = [digestOfNothing("a"), digestOfNothing("b")];
    const { oci } = await setUp({
      handler:
        () =>
        ({ url, path }) =>
          url.searchParams.has("page")
            ? indexReply({ mediaType: INDEX, manifests: [{ digest: b }] })
            : {
                ...indexReply({ manifests: [{ digest: a }] }),
                headers: { "content-type": INDEX, link: `<${path}?page=2>; rel="next"` },
              },
    });
    expect(await oci.referrers("app", digestOfNothing("subject"))).toEqual([a, b]);
  });
});
