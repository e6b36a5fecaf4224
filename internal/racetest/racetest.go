// Package racetest lets tests do less under the race detector, which makes all work several times as long. Others run the same code under it, and make
// test-long runs what was left out without it: scripts/unraced finds it by the names of this package. With RACE=all nothing is left out.
package racetest

import (
	"maps"
	"os"
	"slices"
	"testing"
)

// less says that less is to be done.
var less = detects && os.Getenv("RACE") != "all"

// Thinned is by how much there is less of what a test makes many of; 1: as much as ever.
var Thinned = thinned()

func thinned() int {
	if less {
		return 5
	}
	return 1
}

// Skip leaves a test to the run without the race detector.
func Skip(t testing.TB) {
	t.Helper()
	if less {
		t.Skip("runs without the race detector")
	}
}

// Fewer leaves the cases of a test to the run without the race detector, all but some.
func Fewer[T any](cases map[string]T, some ...string) map[string]T {
	if less {
		maps.DeleteFunc(cases, func(name string, _ T) bool { return !slices.Contains(some, name) })
	}
	return cases
}
