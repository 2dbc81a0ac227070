package physical

import (
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/plan"
)

// write lowers a write, which is the root of its plan: every task of the last stage gives its rows to a part of the sink.
func (l *lowerer) write(n *plan.Write) (int, error) {
	o, err := l.lower(n.Input)
	if err != nil {
		return 0, err
	}
	s := l.close(o, exec.WriteRows, n.WithInputs(leaf(n.Input)))
	s.Write = n
	return s.ID, nil
}
