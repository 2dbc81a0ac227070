//go:build !amd64

package csvio

// kernel is an implementation of the masks: use takes it, and returns what takes the usual one again.
type kernel struct {
	name string
	use  func() func()
}

func kernels() []kernel { return []kernel{{"generic", func() func() { return func() {} }}} }
