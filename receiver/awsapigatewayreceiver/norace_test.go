//go:build !race

package awsapigatewayreceiver

const (
	// raced says whether the race detector watches.
	raced = false
	// thinned is by how much the traffic of the tests' worlds is thinned: not at all.
	thinned = 1
)
