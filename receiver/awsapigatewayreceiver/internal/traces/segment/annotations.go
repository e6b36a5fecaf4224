package segment

import (
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// Annotations that API Gateway makes of its stage.
const (
	annotatedAPI   = "aws:api_id"
	annotatedStage = "aws:api_stage"
)

// annotations reads what the sender has X-Ray index: strings, numbers and booleans.
func (r *reader) annotations(s *segment) {
	if !r.open('{') {
		return
	}
	for key := ""; r.member(&key); {
		if v := r.value(); v.kind != null {
			keep(&s.annotations, member{key, v})
		}
	}
}

// metadata reads what the sender keeps beside them, by namespace: values of any type.
func (r *reader) metadata(s *segment) {
	if !r.open('{') {
		return
	}
	for namespace := ""; r.member(&namespace); {
		if redact.Secret(namespace) {
			r.skip()
			continue
		}
		if r.peek() != '{' {
			if v := r.value(); v.kind != null {
				keep(&s.metadata, member{namespace, v})
			}
			continue
		}
		r.open('{')
		for key := ""; r.member(&key); {
			if v := r.value(); v.kind != null {
				keep(&s.metadata, member{namespace + "." + key, v})
			}
		}
	}
}

// annotation is the text of an annotation, "" where there is none.
func (s *segment) annotation(key string) string { return find(s.annotations, key) }

func find(members []member, key string) string {
	for i := range members {
		if m := &members[i]; m.key == key && m.kind == text {
			return m.text
		}
	}
	return ""
}

// annotations writes annotations and metadata. Of API Gateway's own, what the span has already is left out.
func (w *writer) annotations(s *segment, stage bool) {
	for i := range s.annotations {
		m := &s.annotations[i]
		if stage && (m.key == annotatedAPI && m.text == s.api() || m.key == annotatedStage && m.text == s.stageName()) {
			continue
		}
		w.member(attr.XRayAnnotation, m)
	}
	for i := range s.metadata {
		m := &s.metadata[i]
		switch {
		case stage && m.key == "default.extended_request_id" && m.kind == text:
			w.str(attr.ExtendedID, m.text)
		case stage && m.key == "default.request_id" && m.kind == text && m.text == s.aws.requestIDOf():
		default:
			w.member(attr.XRayMetadata, m)
		}
	}
}
