import type { Capabilities } from "../capabilities.ts";

export const capabilities: Capabilities = {
  listsUntagged: true,
  listsPushTimes: true,
  deletesTags: "yes",
  permissionPerRepository: false,
  keepsLastTagged: false,
  garbageCollection: "api",
  reportsAppImages: true,
};
