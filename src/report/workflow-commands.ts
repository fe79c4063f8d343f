// The main file of @actions/core also loads its HTTP client and all of undici, which takes 50 ms.
export { issueCommand } from "../../node_modules/@actions/core/lib/command.js";
export { prepareKeyValueMessage } from "../../node_modules/@actions/core/lib/file-command.js";
