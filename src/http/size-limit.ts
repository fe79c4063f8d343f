const MiB = 1024 * 1024;

/**
 * Returns a function that adds up the bytes of a list's pages, before they are parsed, so that an endless list cannot use
 * up the memory. It throws the error that `tooLarge` makes once the sum is above `maxMiB`.
 */
export function createSizeLimit(maxMiB: number, tooLarge: (why: string) => Error): (pageBytes: number) => void {
  let bytes = 0;
  return (pageBytes) => {
    bytes += pageBytes;
    if (bytes > maxMiB * MiB) throw tooLarge(`it is larger than ${maxMiB} MiB`);
  };
}
