//go:build race

package executionlog

// thinned is by how much the random cases of what nothing runs beside are fewer under the race detector, which makes all work ten times as slow.
const thinned = 5
