/** Workers, which compute beside the page. */

/**
 * Start a worker from its source: a page on disk may load no other file as one.
 *
 * `stopped` is told why it does not start, or what it did not catch.
 */
export function startWorker(code: string, stopped: (why: string) => void): Worker {
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const worker = new Worker(address);
  URL.revokeObjectURL(address);
  worker.addEventListener("error", ({ message }) =>
    stopped(message ? `failed: ${message}` : "does not start in this browser"),
  );
  return worker;
}
