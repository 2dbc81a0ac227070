package run

import (
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/internal/exec"
)

const (
	// mergeGroupsEach is how many partial groups or rows one merge task should get: its table and accumulators then fit near the
	// second-level cache, and up to that many groups come in order of first appearance.
	mergeGroupsEach = 64 << 10
	// fewGroups is how many groups one merge takes: mergeGroupsEach, and a little more because the number is an estimate.
	fewGroups = mergeGroupsEach + mergeGroupsEach/8
	// maxMergeTasks bounds the merges: a task has at least one of the hash buckets.
	maxMergeTasks = exec.Buckets
	// enoughMerges is how many merges of groups are enough for any number of workers: each then takes some buckets after the others, and
	// uses its table's memory for all of them.
	enoughMerges = 64
	// rangeBytes is how much a task that merges sorted runs should give: its rows wait for those before them.
	rangeBytes = 8 << 20
	// maxRanges bounds the parts of such a merge.
	maxRanges = 4096
)

// mergeTasks decides how many tasks merge what is dealt by bucket: a power of two, from the number of rows, and from the options of the
// run as far as these limit memory, so that the order of the answer does not depend on timing.
func (q *query) mergeTasks(partials []graph.ID) (int, error) {
	var groups []*exec.Groups
	rows, bytes := 0, int64(0)
	for _, id := range partials {
		v, err := q.run.Result(id)
		if err != nil {
			return 0, err
		}
		switch v := v.(type) {
		case *exec.Groups:
			groups, rows, bytes = append(groups, v), rows+v.Rows, bytes+v.Bytes()
		case *exec.Exchanged:
			rows, bytes = rows+int(v.NumRows()), bytes+v.Bytes(0, exec.Buckets)
		default:
			return 0, fault.New(fault.Internal, "run", "a %T is not dealt by bucket", v)
		}
	}
	if groups == nil {
		return tasksFor(rows, bytes, exec.TableBytes(q.ctx)), nil
	}
	if q.options.InOrder {
		return 1, nil // one table keeps the order of first appearance, however many groups there are
	}
	limit := exec.TableBytes(q.ctx)
	if rows == 0 || rows <= mergeGroupsEach && bytes <= limit {
		return 1, nil
	}
	n := min(rows, exec.CountGroups(groups))
	bytes = bytes / int64(rows) * int64(n)
	if n <= fewGroups && (bytes <= limit || limit == exec.TinyBytes) {
		return 1, nil // they come in order of first appearance, however many parts have them
	}
	// Few groups of long text, too, where they are more than one table takes: a merge would divide them, and give them all at once.
	tasks := tasksFor(n, bytes, limit)
	for tasks > enoughMerges && exec.TableTimes*bytes/int64(tasks/2) <= limit {
		tasks /= 2
	}
	return tasks, nil
}

// tasksFor returns how many tasks take so many different rows, none of which should need a table of more than limit bytes.
func tasksFor(rows int, bytes, limit int64) int {
	n := 1
	for n < maxMergeTasks && (rows/n > mergeGroupsEach || exec.TableTimes*bytes/int64(n) > limit) {
		n *= 2
	}
	return n
}

// rangeTasks decides how many tasks merge sorted runs. The answer is the same for any number.
func (q *query) rangeTasks(runs []graph.ID) (int, error) {
	bytes := int64(0)
	for _, id := range runs {
		v, err := q.run.Result(id)
		if err != nil {
			return 0, err
		}
		r, ok := v.(*exec.SortedRun)
		if !ok {
			return 0, fault.New(fault.Internal, "run", "a %T is no sorted run", v)
		}
		bytes += r.Bytes()
	}
	limit := exec.TableBytes(q.ctx)
	if limit == exec.TinyBytes { // a test of what small parts do
		return min(maxRanges, 3), nil
	}
	each := max(512<<10, min(rangeBytes, limit))
	return int(max(1, min(maxRanges, (bytes+each/2)/each))), nil
}
