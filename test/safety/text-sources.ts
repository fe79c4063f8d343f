import type { GitHost } from "../e2e/example.ts";
import type { FaultScript, Reply } from "../servers/http-server.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import type { Scenario, ScenarioKind, StoreView } from "./scenario.ts";

/** A place from which untrusted text reaches the action. */
export interface TextSource {
  readonly title: string;
  readonly kind: ScenarioKind;
  /** Puts the text into the scenario. */
  readonly inject?: (scenario: Scenario<StoreView>, gitHost: GitHost, text: string) => void;
  readonly fill?: (store: RegistryStore, text: string) => void;
  readonly inputs?: (text: string) => Readonly<Record<string, string>>;
  /** Default: the text appears in the output. */
  readonly shown?: "nowhere";
}

/** Answers requests whose path contains `path` with a reply that contains the text. */
export const answering =
  (path: string, reply: (text: string) => Reply) =>
  (server: (scenario: Scenario<StoreView>, gitHost: GitHost) => { inject(script: FaultScript): void } | undefined) =>
  (scenario: Scenario<StoreView>, gitHost: GitHost, text: string): void =>
    server(scenario, gitHost)?.inject((request) =>
      request.path.includes(path) ? { kind: "reply", reply: reply(text) } : null,
    );

export const json = (status: number, body: (text: string) => unknown) => (text: string) => ({
  status,
  body: body(text),
});
/** The part of a text that Node can send in a header. */
export const inHeader = (text: string): string => text.slice(0, 8_000).replaceAll(/[^\x20-\x7e]/g, " ");

/** Selects a server of the scenario. */
export const server = (name: string) => (scenario: Scenario<StoreView>) => scenario.servers[name];
