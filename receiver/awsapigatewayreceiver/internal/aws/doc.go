// Package aws is the only package that imports the AWS SDK. It resolves accounts and regions to targets, and makes their calls: credentials, rate
// limits, retries, accounting, error classes and the clock offset are dealt with here, and the SDK's types end here. One Client serves one target.
package aws
