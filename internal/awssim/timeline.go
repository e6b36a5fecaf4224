package awssim

import "time"

// Change is something that happens to a T at a time: Set gets a shallow copy, so that it replaces maps, slices and pointers rather than write into
// them. The changes of a literal are in the order of time.
type Change[T any] struct {
	At  time.Time
	Set func(*T)
}

// asOf returns what the changes up to a time make of a literal, and when the last of them was; a zero time where there was none.
func asOf[T any](literal *T, changes []Change[T], now time.Time) (*T, time.Time) {
	var last time.Time
	for _, change := range changes {
		if change.At.After(now) {
			break
		}
		if last.IsZero() {
			changed := *literal
			literal = &changed
		}
		change.Set(literal)
		last = change.At
	}
	return literal, last
}

// lives reports whether now is in [created, deleted); zero times are open ends.
func lives(created, deleted, now time.Time) bool {
	return !now.Before(created) && (deleted.IsZero() || now.Before(deleted))
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
