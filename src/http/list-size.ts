const MiB = 1024 * 1024;

/**
 * Counts what the pages of one list came to, as each is read: what is kept of a list without an end would take all memory
 * long before its pages are too many.
 *
 * @param mostMiB how long all pages may be together, before they are parsed
 * @param tooLong the error, given why
 */
export function listSize(mostMiB: number, tooLong: (why: string) => Error): (pageBytes: number) => void {
  let bytes = 0;
  return (pageBytes) => {
    bytes += pageBytes;
    if (bytes > mostMiB * MiB) throw tooLong(`it is longer than the ${mostMiB} MiB that are read of it`);
  };
}
