// Package exec does what a dataframe task does inside: it takes a fragment of a plan and a part of the input, pushes batches of about
// 8192 rows through a pipeline of operators, and returns rows, partial groups, a sorted run, a join table or an exchange.
//
// A fragment is a chain of plan nodes over plan.Input leaves: leaf 0 is the task's main input, leaf i ≥ 1 is the join table of the
// i-th task it depends on. A task's state dies with the task; its result is owned by whoever asked for it.
//
// exec must not know the optimizer, physical plans, schedulers' choices or the user API. It imports plan, partition, graph, sched,
// mem, shuffle and the helpers internal/{eval,group,agg,join,sort,window,vec}.
package exec

// batchRows is the target of rows a batch: the engine's loops are flat from 256 to 32 k rows a batch (measured on filter, take,
// arithmetic and group), and 8192 rows of a dozen 8-byte columns still lie in a core's second-level cache.
const batchRows = 8192
