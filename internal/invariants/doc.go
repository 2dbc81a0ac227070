// Package invariants says whether the debug checks are compiled in: build with -tags invariants to poison freed buffers, panic
// on double release and hash whole rows at every exchange. It imports nothing.
package invariants
