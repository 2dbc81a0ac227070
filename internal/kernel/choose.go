package kernel

// SelectVV sets dst to a where the bit of mask is set, else to b.
func SelectVV[T any](dst []T, mask []uint64, a, b []T) {
	n := len(dst)
	a, b = a[:n], b[:n]
	for lo := 0; lo < n; lo += 64 {
		hi := min(lo+64, n)
		w := mask[lo>>6]
		switch w {
		case 0:
			copy(dst[lo:hi], b[lo:hi])
			continue
		case ^uint64(0):
			copy(dst[lo:hi], a[lo:hi])
			continue
		}
		d, x, y := dst[lo:hi], a[lo:hi], b[lo:hi]
		x, y = x[:len(d)], y[:len(d)]
		for j := range d {
			v := y[j]
			if w>>(uint(j)&63)&1 != 0 {
				v = x[j]
			}
			d[j] = v
		}
	}
}

// SelectVS sets dst to a where the bit of mask is set, else to y.
func SelectVS[T any](dst []T, mask []uint64, a []T, y T) {
	a = a[:len(dst)]
	for i := range dst {
		v := y
		if mask[i>>6]>>(uint(i)&63)&1 != 0 {
			v = a[i]
		}
		dst[i] = v
	}
}

// SelectSS sets dst to x where the bit of mask is set, else to y.
func SelectSS[T any](dst []T, mask []uint64, x, y T) {
	two := [2]T{y, x}
	n := len(dst)
	for lo := 0; lo < n; lo += 64 {
		w := mask[lo>>6]
		d := dst[lo:min(lo+64, n)]
		for j := range d {
			d[j] = two[w&1]
			w >>= 1
		}
	}
}

// SelectBits sets dst to a where the bit of mask is set, else to b.
func SelectBits(dst, mask, a, b []uint64) {
	mask, a, b = mask[:len(dst)], a[:len(dst)], b[:len(dst)]
	for i, m := range mask {
		dst[i] = a[i]&m | b[i]&^m
	}
}

// Fill sets all of dst to x.
func Fill[T any](dst []T, x T) {
	for i := range dst {
		dst[i] = x
	}
}

// SelectSV sets dst to x where the bit of mask is set, else to b.
func SelectSV[T any](dst []T, mask []uint64, x T, b []T) {
	b = b[:len(dst)]
	for i := range dst {
		v := b[i]
		if mask[i>>6]>>(uint(i)&63)&1 != 0 {
			v = x
		}
		dst[i] = v
	}
}
