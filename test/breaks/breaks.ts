import { BATCHES_BREAKS } from "./batches.ts";
import type { Break } from "./break.ts";
import { HTTP_BREAKS } from "./http.ts";
import { LIMITS_BREAKS } from "./limits.ts";
import { LISTS_BREAKS } from "./lists.ts";
import { PLAN_BREAKS } from "./plan.ts";
import { REGISTRIES_BREAKS } from "./registries.ts";
import { SWEEP_BREAKS } from "./sweep.ts";
import { TAGS_BREAKS } from "./tags.ts";

/** Every break, by the folder of its line. */
export const BREAKS: readonly Break[] = [
  ...PLAN_BREAKS,
  ...LIMITS_BREAKS,
  ...SWEEP_BREAKS,
  ...LISTS_BREAKS,
  ...REGISTRIES_BREAKS,
  ...TAGS_BREAKS,
  ...HTTP_BREAKS,
  ...BATCHES_BREAKS,
];
