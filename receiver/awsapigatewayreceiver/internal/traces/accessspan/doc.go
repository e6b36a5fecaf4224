// Package accessspan makes spans of the lines of access logs: the only traces that HTTP and WebSocket APIs have, and REST stages without X-Ray.
//
// # Spans of a line
//
//   - A SERVER span for the request. It begins at requestTimeEpoch, else requestTime, else the log event's timestamp, and lasts for responseLatency. It
//     has the attributes of the line's log record, and url.scheme, server.port and error.type beside them. WebSocket APIs have no responseLatency
//     (API Gateway Developer Guide, variables for access logging): there, the latencies of the authorizer and of the integration count together, which
//     is the least that the request took.
//   - A CLIENT child for the integration, if the line has integration.latency or integrationLatency. It ends with its parent.
//   - An INTERNAL child for the authorizer, if the line has authorizer.latency or authorizer.integrationLatency. It begins with its parent.
//
// What the integration calls comes from the inventory. Until that has the API's routes, as in the first minutes of a first start, the CLIENT span is
// called "integration": neither records nor spans wait for it.
//
// A line without the duration of its request makes no span. Children lie within their parent, whatever the line says.
//
// # Ids
//
// A repeated line makes the same spans. Their ids come from SHA-256 of the line's extendedRequestId, else its requestId, else the log event's id: its
// bytes 0 to 15 are the trace id, 16 to 23 the id of the SERVER span, 24 to 31 that of the CLIENT span. The authorizer's is the first eight bytes of
// SHA-256 of "authorizer", a byte of zero, and the same. A trace id that the line has comes first: xrayTraceId, else any variable whose name ends in
// traceparent (W3C Trace Context) or X-Amzn-Trace-Id, as $context.authorizer.traceparent. Where it has a parent's id as well, that is the parent of the
// SERVER span.
package accessspan
