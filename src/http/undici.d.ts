// Undici declares no types for its files. This one works without its fetch, mocks and caches, which take time to load.
declare module "undici/lib/dispatcher/agent.js" {
  export { Agent as default } from "undici";
}
