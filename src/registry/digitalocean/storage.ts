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
  const [answer, plan] = await Promise.all([
    read(api, RegistryAnswer, ["registries", api.registry], ["registry"]),
    read(api, SubscriptionAnswer, ["registries", "subscription"], ["registry", "subscription"]),
  ]);
  return {
    // The older path has no name: it returns the only registry of the team.
    usedBytes: answer?.registry.name === api.registry ? answer.registry.storage_usage_bytes : null,
    includedBytes: plan?.subscription.tier.included_storage_bytes ?? null,
  };
}

/** Reads the documented path, and the older one if the documented one returns 404. Returns null if neither can be read. */
async function read<T>(
  api: DigitalOceanApi,
  schema: v.GenericSchema<unknown, T>,
  path: readonly string[],
  olderPath: readonly string[],
): Promise<T | null> {
  const request = { method: "GET", scope: "registry:read" } as const;
  try {
    const response = await api.ofAccount({ ...request, path, expected: [200, 404] });
    if (response.status === 200) return parseBody(response, schema);
    return parseBody(await api.ofAccount({ ...request, path: olderPath, expected: [200] }), schema);
  } catch (error) {
    if (error instanceof Fault || error instanceof HttpError) return null;
    throw error;
  }
}
