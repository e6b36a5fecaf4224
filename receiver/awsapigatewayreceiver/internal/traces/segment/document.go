package segment

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Bounds of a document and of the spans made of it.
const (
	maxDocument   = 1 << 20 // bytes; X-Ray takes segments of up to 64 KB (X-Ray quotas: segment document size)
	maxSpans      = 10_000  // of one document: a subsegment with its id, name and times has about a hundred bytes
	maxAttributes = 256     // of a span
	maxValue      = 16 << 10
	maxKey        = 256
)

// Document is one decoded document: a segment with its subsegments, or a span. It does not change any more.
type Document struct {
	TraceID pcommon.TraceID
	// InProgress is true where the segment or one of its subsegments has not ended.
	InProgress bool
	// Inferred is true of a segment that X-Ray made of a subsegment of the caller.
	Inferred bool
	// API and Stage are what an API Gateway stage's segment says of them, else "".
	API, Stage string
	// Unknown is how many members have no attribute of their own, or not the type that they should have.
	Unknown int

	segment *segment // nil where the document is a span in OpenTelemetry's form
	span    *span
	spans   int
}

// Below says that the document is of a subsegment that came without its segment.
func (d *Document) Below() bool { return d.segment != nil && d.segment.below }

// Tentative says that X-Ray made the segment in the place of one that may still come: that of a service that can send its own. The real one has another
// id, so that both would count the call.
func (d *Document) Tentative() bool { return d.Inferred && !d.segment.isStore() }

// Spans is how many spans the document becomes.
func (d *Document) Spans() int { return d.spans }

var (
	errSize  = fmt.Errorf("has more than %d bytes", maxDocument)
	errTrace = errors.New("has no usable trace id")
	errID    = errors.New("has no usable id")
	errStart = errors.New("has no usable start time")
)

// Decode decodes a segment document, as BatchGetTraces returns it. Its strings may point into the text.
func Decode(document string) (*Document, error) {
	d, err := decode(document, (*reader).document)
	if err != nil {
		return nil, fmt.Errorf("cannot decode segment document: %w", err)
	}
	return d, nil
}

// DecodeSpan decodes a span in OpenTelemetry's form, as ListRetrievedTraces returns it. Its strings may point into the text.
func DecodeSpan(document string) (*Document, error) {
	d, err := decode(document, (*reader).otel)
	if err != nil {
		return nil, fmt.Errorf("cannot decode span: %w", err)
	}
	return d, nil
}

func decode(document string, read func(*reader, *Document) error) (*Document, error) {
	if len(document) > maxDocument {
		return nil, errSize
	}
	if !utf8.ValidString(document) {
		document = strings.ToValidUTF8(document, "\uFFFD")
	}
	r := &reader{text: document}
	d := &Document{}
	err := read(r, d)
	if r.err == nil && !r.ended() {
		r.fail("something follows the document")
	}
	if r.err != nil {
		return nil, r.err // the other one follows from it
	}
	d.Unknown = r.unknown
	return d, err
}

// bound cuts a text that is too long, between two characters.
func bound(s string) string { return cut(s, maxValue) }

func cut(s string, length int) string {
	if len(s) <= length {
		return s
	}
	return strings.ToValidUTF8(s[:length], "")
}
