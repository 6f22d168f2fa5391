// Best fit loses.
// Kind: design. Minutes: 35.
//
// Three workloads for a range of so many units (24 or more), all of them
// free at first. Each is sent to first fit, best fit and next fit:
//
//   firstLoses(units)        first fit refuses a request, the others none
//   nextLoses(units)         next fit refuses a request, the others none
//   bestLoses(units, times)  best fit refuses at least so many requests,
//                            the others none
//
// A workload is an array of ['alloc', id, size] and ['free', id]. An id is
// any whole number; it is allocated once, and freed at most once, later. At
// most 200 requests. For instance, and nobody refuses anything:
//
//   return [['alloc', 0, 8], ['alloc', 1, 3], ['free', 0], ['alloc', 2, 5]];
//
// For one point bestLoses(units, 1) makes at most eight requests. To try an
// idea, change the lists in notebook 20, under "One load for each side".

type Op = ['alloc', id: number, size: number] | ['free', id: number];

/** First fit alone refuses a request. */
export function firstLoses(units: number): Op[] {
  throw new Error(`TODO: a workload for ${units} units`);
}

/** Next fit alone refuses a request. */
export function nextLoses(units: number): Op[] {
  throw new Error(`TODO: a workload for ${units} units`);
}

/** Best fit alone refuses requests, at least so many. */
export function bestLoses(units: number, times: number): Op[] {
  throw new Error(`TODO: a workload for ${units} units, ${times} refusals`);
}
