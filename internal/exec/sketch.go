package exec

import "slices"

// sketchSize is how many hashes a sketch keeps: the estimate is then right to 2.2 percent (one standard deviation).
const sketchSize = 2048

// sketch estimates how many different hashes it was given by the smallest of them: of n evenly spread values the k-th smallest lies near
// k/n of the range. It is exact up to sketchSize. (Z. Bar-Yossef et al., Counting distinct elements in a data stream, 2002; K. Beyer et
// al., On synopses for distinct-value estimation under multiset operations, 2007.) Its answer depends on the set of hashes alone.
type sketch struct {
	least []uint64 // not more than 2·sketchSize; sorted, without doubles, up to sorted
	bound uint64   // hashes above it do not matter; 0 while all do
}

// add takes hashes in.
func (s *sketch) add(hashes []uint64) {
	for _, h := range hashes {
		if s.bound != 0 && h >= s.bound {
			continue
		}
		s.least = append(s.least, h)
		if len(s.least) >= 4*sketchSize {
			s.settle()
		}
	}
}

// settle sorts the hashes and drops what does not matter.
func (s *sketch) settle() []uint64 {
	slices.Sort(s.least)
	s.least = slices.Compact(s.least)
	if len(s.least) > sketchSize {
		s.bound = s.least[sketchSize]
		s.least = s.least[:sketchSize]
	}
	return s.least
}

// count returns the estimate. As many hashes as a sketch keeps may be all there are, or those that other sketches have kept of more: they
// say by how far they lie apart.
func (s *sketch) count() int {
	least := s.settle()
	switch {
	case len(least) < sketchSize:
		return len(least)
	case s.bound == 0:
		return int((sketchSize - 1) / (float64(least[sketchSize-1]) / (1 << 64)))
	}
	return int(float64(sketchSize) / (float64(s.bound) / (1 << 64)))
}

// roughSize is how many of a sketch's hashes serve a quick estimate: right to 9 percent.
const roughSize = 128

// rough is count from twice roughSize of the least hashes of several sketches side by side.
func (s *sketch) rough() int {
	slices.Sort(s.least)
	least := slices.Compact(s.least)
	if len(least) <= roughSize {
		return len(least)
	}
	return int(float64(roughSize) / (float64(least[roughSize]) / (1 << 64)))
}

// CountGroups returns about how many different groups there are in all parts.
func CountGroups(parts []*Groups) int {
	var all sketch
	for _, p := range parts {
		all.add(p.Hashes)
		all.add(p.sketch.least)
	}
	return all.count()
}
