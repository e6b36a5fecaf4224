package attr

// Sampled is the flag of a span that was recorded (W3C Trace Context, trace flags).
const Sampled = 1

// RPCSystemAWS is the value of rpc.system for calls of AWS services.
const RPCSystemAWS = "aws-api"
