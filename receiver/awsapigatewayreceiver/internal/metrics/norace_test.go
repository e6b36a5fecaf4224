//go:build !race

package metrics

// thinned is by how much the random cases are fewer: not at all.
const thinned = 1
