import { BUILD_SCHEMES } from "./build-schemes.ts";
import { REF_SCHEMES } from "./ref-schemes.ts";

/** How 73 public workflows name images. */
export const SCHEMES = [...BUILD_SCHEMES, ...REF_SCHEMES];
