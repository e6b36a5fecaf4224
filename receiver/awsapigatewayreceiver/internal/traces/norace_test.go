//go:build !race

package traces

// thinned is by how much the random cases are fewer: not at all.
const thinned = 1
