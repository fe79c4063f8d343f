import type { Capabilities } from "../capabilities.ts";

export const capabilities: Capabilities = {
  listsUntagged: true,
  listsPushTimes: true,
  deletesTags: "no",
  permissionPerRepository: true,
  keepsLastTagged: true,
  garbageCollection: "none",
  reportsAppImages: false,
};
