//go:build !linux && !darwin

package mem

func fillUp(string) {}
