import type { Capabilities } from "../provider.ts";

export const CAPABILITIES: Capabilities = {
  listsUntagged: false,
  listsPushTimes: false,
  deletesTags: "unknown",
  keepsLastTagged: false,
  garbageCollection: "command",
  reportsAppImages: false,
};
