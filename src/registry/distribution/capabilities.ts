import type { Capabilities } from "../capabilities.ts";

export const capabilities: Capabilities = {
  listsUntagged: false,
  listsPushTimes: false,
  deletesTags: "unknown",
  permissionPerRepository: true,
  keepsLastTagged: false,
  garbageCollection: "command",
  reportsAppImages: false,
};
