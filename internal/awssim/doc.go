// Package awssim is an embedded AWS: an HTTP server that speaks the wire protocols of the AWS operations which an API Gateway collector calls,
// so that the unmodified AWS SDK, the AWS CLI and boto3 work against it. It is a tool for development, tests and demonstrations and never part of
// the receiver.
//
// Behind the protocols lies a [World]: accounts, regions, APIs, stages and a traffic model. The requests of a stage in a minute are a pure
// function of the world's seed, the stage and the minute. Nothing is stored: any minute can be made again at any time, history of any depth is
// free, and [World.Truth] says what really happened, whatever a [Server] with its lateness and [Faults] has shown of it so far.
//
// Metrics and logs tell of the same requests: each of them is a sample of its metrics and a line of its access log, in the format of its stage, and
// [World.AccessRecords] says what all of its $context values are. Those that are sampled are traces, too: [World.Traces] has their segments.
//
// Every statistic that GetMetricData answers is computed from the samples of those requests; none is invented. The package knows nothing of what
// its callers expect. README.md lists what it does not imitate.
package awssim
