//go:build race

package awsapigatewayreceiver

const (
	// raced says whether the race detector watches.
	raced = true
	// thinned is by how much the traffic of the tests' worlds is thinned under the race detector, which makes all work several times as long.
	thinned = 5
)
