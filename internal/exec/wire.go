package exec

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/shuffle"
)

// TaskOp is the operation of portable dataframe tasks.
const TaskOp = "sheaf.dataframe.task"

// taskVersion is the version of the wire form; another one is refused.
const taskVersion = 1

func init() {
	graph.Register(TaskOp, func(ctx context.Context, args []byte, in []any) (any, error) {
		if mem.From(ctx) == mem.Process() { // a process that works for another one: what it exchanges is encoded and forgotten
			ctx = shuffle.With(ctx, shuffle.NewSpace(mem.New("task", 0), ""))
		}
		t, err := DecodeTask(args)
		if err != nil {
			return nil, err
		}
		v, err := t.Do(ctx, in)
		if r, ok := v.(Result); ok && mem.From(ctx) == mem.Process() && r.Held() != nil {
			r.Held().Free() // the result is encoded and forgotten
		}
		return v, err
	})
}

// The fields of a task on the wire.
const (
	fieldVersion protowire.Number = iota + 1
	fieldRoot
	fieldMerge
	fieldBreaker
	fieldMode
	fieldTables
	fieldFromTasks
	fieldStage
	fieldSplitOp
	fieldSplit
	fieldPart
	fieldLo
	fieldHi
	fieldPruned
	fieldUnmet
	fieldByParts
	fieldNumber
	fieldSieve
)

// EncodeTask returns the wire form of a task; ok is false where it cannot leave the process: its split has no wire form, or its plan
// holds a function that is not registered.
func EncodeTask(t *Task) (data []byte, ok bool, err error) {
	f := t.Fragment
	number := func(field protowire.Number, v int) {
		data = protowire.AppendVarint(protowire.AppendTag(data, field, protowire.VarintType), uint64(v))
	}
	blob := func(field protowire.Number, b []byte) {
		data = protowire.AppendBytes(protowire.AppendTag(data, field, protowire.BytesType), b)
	}
	number(fieldVersion, taskVersion)
	for _, p := range []struct {
		field protowire.Number
		node  plan.Node
	}{{fieldRoot, f.Root}, {fieldMerge, f.Merge}, {fieldBreaker, f.Breaker}} {
		if p.node == nil {
			continue
		}
		b, err := plan.Marshal(p.node)
		if err != nil {
			return nil, false, nil // no failure here: the task runs as a local one
		}
		blob(p.field, b)
	}
	number(fieldMode, int(f.Mode))
	number(fieldTables, f.Tables)
	number(fieldStage, f.Stage)
	number(fieldPart, t.Part)
	number(fieldLo, t.Lo)
	number(fieldHi, t.Hi)
	if f.Pruned {
		number(fieldPruned, 1)
	}
	if f.ByParts {
		number(fieldByParts, 1)
	}
	if f.Number {
		number(fieldNumber, 1)
	}
	if f.Sieve {
		number(fieldSieve, 1)
	}
	if t.Unmet != nil {
		blob(fieldUnmet, t.Unmet.append(nil))
	}
	if f.FromTasks {
		number(fieldFromTasks, 1)
		return data, true, nil
	}
	split, portable := t.Split.(partition.PortableSplit)
	if !portable {
		return nil, false, nil
	}
	b, err := split.MarshalBinary()
	if err != nil {
		return nil, false, nil // as above: a file system in memory, for one
	}
	blob(fieldSplitOp, []byte(split.Op()))
	blob(fieldSplit, b)
	return data, true, nil
}

// DecodeTask returns the task that EncodeTask encoded. Anything else is an error, never a panic.
func DecodeTask(data []byte) (*Task, error) {
	d := taskDecoder{t: &Task{Fragment: &Fragment{}}}
	version := 0
	for len(data) > 0 {
		field, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return nil, badTask(protowire.ParseError(n))
		}
		data = data[n:]
		switch kind {
		case protowire.VarintType:
			v, n := protowire.ConsumeVarint(data)
			if n < 0 {
				return nil, badTask(protowire.ParseError(n))
			}
			if field == fieldVersion {
				version = int(v)
			}
			d.number(field, int(v))
			data = data[n:]
		case protowire.BytesType:
			b, n := protowire.ConsumeBytes(data)
			if n < 0 {
				return nil, badTask(protowire.ParseError(n))
			}
			if err := d.blob(field, b); err != nil {
				return nil, badTask(err)
			}
			data = data[n:]
		default:
			return nil, badTask(fmt.Errorf("wire type %d", kind))
		}
	}
	if version != taskVersion {
		return nil, badTask(fmt.Errorf("version %d, this program reads version %d", version, taskVersion))
	}
	return d.task()
}

func badTask(err error) error { return fault.New(fault.Internal, "decode_task", "%w", err) }

type taskDecoder struct {
	t       *Task
	splitOp string
	split   []byte
}

func (d *taskDecoder) number(field protowire.Number, v int) {
	f := d.t.Fragment
	switch field {
	case fieldMode:
		f.Mode = Mode(v)
	case fieldTables:
		f.Tables = v
	case fieldFromTasks:
		f.FromTasks = v != 0
	case fieldPruned:
		f.Pruned = v != 0
	case fieldByParts:
		f.ByParts = v != 0
	case fieldNumber:
		f.Number = v != 0
	case fieldSieve:
		f.Sieve = v != 0
	case fieldStage:
		f.Stage = v
	case fieldPart:
		d.t.Part = v
	case fieldLo:
		d.t.Lo = v
	case fieldHi:
		d.t.Hi = v
	}
}

func (d *taskDecoder) blob(field protowire.Number, b []byte) (err error) {
	f := d.t.Fragment
	switch field {
	case fieldRoot:
		f.Root, err = plan.Unmarshal(b)
	case fieldMerge:
		f.Merge, err = plan.Unmarshal(b)
	case fieldBreaker:
		f.Breaker, err = plan.Unmarshal(b)
	case fieldUnmet:
		d.t.Unmet, err = unmetOf(b)
	case fieldSplitOp:
		d.splitOp = string(b)
	case fieldSplit:
		d.split = b
	}
	return err
}

// task checks what was decoded and decodes the split.
func (d *taskDecoder) task() (*Task, error) {
	f := d.t.Fragment
	if f.Root == nil || f.Mode > WriteRows || f.Tables < 0 || d.t.Lo < 0 || d.t.Hi > buckets || d.t.Lo > d.t.Hi {
		return nil, badTask(fmt.Errorf("the task is not complete"))
	}
	if f.FromTasks {
		return d.t, nil
	}
	split, err := partition.DecodeSplit(d.splitOp, d.split)
	if err != nil {
		return nil, err
	}
	d.t.Split = split
	return d.t, nil
}
