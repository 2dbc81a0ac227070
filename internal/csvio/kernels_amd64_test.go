package csvio

// kernel is an implementation of the masks: use takes it, and returns what takes the usual one again.
type kernel struct {
	name string
	use  func() func()
}

func kernels() (list []kernel) {
	for _, k := range []struct {
		name         string
		avx2, avx512 bool
	}{{"generic", false, false}, {"avx2", true, false}, {"avx512", true, true}} {
		if k.avx2 && !hasAVX2 || k.avx512 && !hasAVX512 {
			continue
		}
		list = append(list, kernel{k.name, func() func() {
			avx2, avx512 := hasAVX2, hasAVX512
			hasAVX2, hasAVX512 = k.avx2, k.avx512
			return func() { hasAVX2, hasAVX512 = avx2, avx512 }
		}})
	}
	return list
}
