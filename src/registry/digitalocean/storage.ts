import * as v from "valibot";
import { Fault } from "../../fault.ts";
import { HttpError } from "../../http/errors.ts";
import type { Storage } from "../registry.ts";
import { type DigitalOceanApi, parseBody } from "./api.ts";

const Bytes = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const RegistryAnswer = v.object({ registry: v.object({ name: v.string(), storage_usage_bytes: Bytes }) });
const SubscriptionAnswer = v.object({
  subscription: v.object({ tier: v.object({ included_storage_bytes: Bytes }) }),
});

/** Returns the registry's storage. A value that cannot be read is null: it is shown, and decides nothing. */
export async function readStorage(api: DigitalOceanApi): Promise<Storage> {
  const [usedBytes, includedBytes] = await Promise.all([
    orNull(async () => {
      const { registry } = await get(api, RegistryAnswer, ["registries", api.registry], ["registry"]);
      // The older path has no name: it returns the only registry of the team.
      return registry.name === api.registry ? registry.storage_usage_bytes : null;
    }),
    orNull(async () => {
      const answer = await get(api, SubscriptionAnswer, ["registries", "subscription"], ["registry", "subscription"]);
      return answer.subscription.tier.included_storage_bytes;
    }),
  ]);
  return { usedBytes, includedBytes };
}

/** Reads the documented path, and the older one if the documented one returns 404. */
async function get<T>(
  api: DigitalOceanApi,
  schema: v.GenericSchema<unknown, T>,
  path: readonly string[],
  olderPath: readonly string[],
): Promise<T> {
  const request = { method: "GET", scope: "registry:read" } as const;
  const response = await api.ofAccount({ ...request, path, expected: [200, 404] });
  if (response.status === 200) return parseBody(response, schema);
  return parseBody(await api.ofAccount({ ...request, path: olderPath, expected: [200] }), schema);
}

async function orNull<T>(read: () => Promise<T | null>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Fault || error instanceof HttpError) return null;
    throw error;
  }
}
