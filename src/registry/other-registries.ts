/** A registry service that no provider supports yet. */
interface OtherRegistry {
  readonly name: string;
  /** Matches its hosts, in lower case. */
  readonly hosts: RegExp;
  /** Whether images can be deleted with the OCI API alone, by `provider: distribution`. */
  readonly deletesByOci: boolean;
}

/** Hosts of registry services that a user may take for an OCI registry with nothing else. */
const OTHER_REGISTRIES: readonly OtherRegistry[] = [
  // It refuses to delete a manifest that has a tag, and deletes tags by another API.
  {
    name: "Docker Hub",
    hosts: /^(?:index\.|registry-1\.|registry\.hub\.|hub\.|www\.)?docker\.(?:io|com)$/,
    deletesByOci: false,
  },
  {
    name: "Amazon ECR",
    hosts: /^\d+\.dkr[.-]ecr(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws)$/,
    deletesByOci: true,
  },
  { name: "Amazon ECR Public", hosts: /^public\.ecr\.aws$/, deletesByOci: false },
  { name: "Azure Container Registry", hosts: /\.azurecr\.(?:io|cn|us)$/, deletesByOci: true },
  // It refuses to delete a manifest that has a tag.
  {
    name: "Google Artifact Registry",
    hosts: /^(?:[a-z0-9-]+-docker\.pkg\.dev|(?:[a-z]+\.)?gcr\.io)$/,
    deletesByOci: false,
  },
  // Its token server refuses the scope `pull,delete`.
  { name: "Quay", hosts: /^quay\.io$/, deletesByOci: false },
  { name: "GitLab's container registry", hosts: /^registry\.gitlab\.com$/, deletesByOci: true },
  { name: "Scaleway's container registry", hosts: /^rg\.[a-z0-9-]+\.scw\.cloud$/, deletesByOci: false },
  { name: "Oracle's container registry", hosts: /\.ocir\.io$/, deletesByOci: false },
  { name: "IBM's container registry", hosts: /(?:^|\.)icr\.io$/, deletesByOci: false },
];

/** Returns the registry service at `host` (in lower case, without port); undefined: it may be any OCI registry. */
export function otherRegistryAt(host: string): OtherRegistry | undefined {
  return OTHER_REGISTRIES.find(({ hosts }) => hosts.test(host));
}
