/** What a provider's registries can do. The rest of Refsweep reads these, never the provider's name. */
export interface Capabilities {
  /** Its list shows untagged manifests. Otherwise Refsweep finds them through the manifests that refer to them. */
  readonly listsUntagged: boolean;
  /** Its list shows push times. Otherwise an image's creation time counts. */
  readonly listsPushTimes: boolean;
  /** A tag can be deleted without its manifest. `unknown`: only an attempt on an image that is deleted anyway shows it. */
  readonly deletesTags: "yes" | "no" | "unknown";
  /** A token may have the permission to delete in one repository, and not in another. */
  readonly permissionPerRepository: boolean;
  /** It refuses to delete the last tagged manifest of a repository. */
  readonly keepsLastTagged: boolean;
  /** How garbage collection is started; `none`: the registry collects by itself. */
  readonly garbageCollection: "api" | "command" | "none";
  /** It reports which images its own platform runs (`protect-apps`). */
  readonly reportsAppImages: boolean;
}
