//go:build race

package racetest

// detects says whether the race detector watches.
const detects = true
