import type { Capabilities } from "../capabilities.ts";

export const capabilities: Capabilities = {
  listsUntagged: false,
  listsPushTimes: false,
  deletesTags: "unknown",
  keepsLastTagged: false,
  garbageCollection: "command",
  reportsAppImages: false,
};
