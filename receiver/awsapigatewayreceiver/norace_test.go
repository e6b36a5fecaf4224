//go:build !race

package awsapigatewayreceiver

// thinned is by how much the traffic of the tests' worlds is thinned: not at all.
const thinned = 1
