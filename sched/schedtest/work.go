package schedtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sheafdata/sheaf/graph"
)

// opWork is the operation of the kit's tasks: Value plus the sum of the inputs, unless the spec says otherwise.
const opWork = "schedtest.work"

func init() { graph.Register(opWork, work) }

// spec is the argument of opWork.
type spec struct {
	Value int64
	Error string // fail with it
	Panic string // panic with it
	Block bool   // wait for the context's end and fail with its error
}

func (s spec) encode() []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a struct of plain fields
	}
	return b
}

func work(ctx context.Context, args []byte, in []any) (any, error) {
	var s spec
	if err := json.Unmarshal(args, &s); err != nil {
		return nil, err
	}
	switch {
	case s.Error != "":
		return nil, errors.New(s.Error)
	case s.Panic != "":
		panic(s.Panic)
	case s.Block:
		<-ctx.Done()
		return nil, ctx.Err()
	}
	sum := s.Value
	for _, v := range in {
		n, ok := v.(int64)
		if !ok {
			return nil, fmt.Errorf("an input is %v (%T), expected an int64", v, v)
		}
		sum += n
	}
	return sum, nil
}
