import type { Capabilities } from "../capabilities.ts";

export const capabilities: Capabilities = {
  listsUntagged: true,
  listsPushTimes: true,
  deletesTags: "no",
  keepsLastTagged: true,
  garbageCollection: "none",
  reportsAppImages: false,
};
