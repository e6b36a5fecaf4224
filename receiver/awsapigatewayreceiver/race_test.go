//go:build race

package awsapigatewayreceiver

// thinned is by how much the traffic of the tests' worlds is thinned under the race detector, which makes all work ten times as slow.
const thinned = 5
