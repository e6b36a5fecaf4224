// Package segment translates what X-Ray keeps of a trace into spans: segment documents, and spans in OpenTelemetry's form. Decode makes one value of
// a document, which several batches can be built of; a Batch makes spans. Each part of a document has its file, with how it is decoded and what it
// becomes. What documents hold is described in the X-Ray Developer Guide, "AWS X-Ray segment documents".
//
// Members that AWS does not document are kept as attributes under aws.xray, by their path, and counted; members of a wrong type are left out, and
// counted. Nothing of a document is lost because of another part of it.
package segment
