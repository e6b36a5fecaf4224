package segment

import (
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// writer writes attributes, as the rules say. Empty values are none.
type writer struct {
	rules      *redact.Rules
	attributes pcommon.Map
	dropped    uint32 // what a span has no room for
}

// str writes a text without the queries and credentials of URLs, which may be anywhere.
func (w *writer) str(name, value string) {
	if suspicious(value) {
		value = public(value, w.keepsQueries())
	}
	w.optional(name, value, false)
}

// optional writes a text. off says that it is left out unless the user asks for it.
func (w *writer) optional(name, value string, off bool) {
	if value == "" || w.full() {
		return
	}
	switch w.rules.Of(name, off) {
	case redact.Keep:
		w.attributes.PutStr(name, bound(value))
	case redact.Hash:
		w.attributes.PutStr(name, w.rules.Hash(value))
	case redact.Drop:
	}
}

// keeps says whether an attribute that is no text is written: such have no hash, as an attribute never changes its type.
func (w *writer) keeps(name string) bool { return !w.full() && w.rules.Of(name, false) == redact.Keep }

func (w *writer) int(name string, value int64) {
	if w.keeps(name) {
		w.attributes.PutInt(name, value)
	}
}

// flag writes what is only worth a word where it is true.
func (w *writer) flag(name string, value bool) {
	if value && w.keeps(name) {
		w.attributes.PutBool(name, true)
	}
}

func (w *writer) list(name string, values []string) {
	if len(values) == 0 || !w.keeps(name) {
		return
	}
	list := w.attributes.PutEmptySlice(name)
	list.EnsureCapacity(len(values))
	for _, v := range values {
		if suspicious(v) {
			v = public(v, w.keepsQueries())
		}
		list.AppendEmpty().SetStr(bound(v))
	}
}

// unless writes a value that says something else than what is written elsewhere.
func (w *writer) unless(known, name, value string) {
	if value != known {
		w.str(name, value)
	}
}

// member writes a value that the sender named.
func (w *writer) member(prefix string, m *member) {
	query := isQuery(m.key)
	if redact.Secret(m.key) || query && !w.keepsQueries() {
		return
	}
	name := prefix + nameOf(m.key)
	if m.kind == text {
		if query {
			w.str(name, redactQuery(m.text))
			return
		}
		w.optional(name, w.clean(m.text), isPersonal(name))
		return
	}
	if w.keeps(name) {
		w.put(w.attributes.PutEmpty(name), m.value)
	}
}

// put writes a value with its type; lists and objects as JSON.
func (w *writer) put(to pcommon.Value, v value) {
	switch v.kind {
	case yes, no:
		to.SetBool(v.kind == yes)
	case number:
		if n, ok := v.integer(); ok {
			to.SetInt(n)
		} else if f, err := strconv.ParseFloat(v.text, 64); err == nil {
			to.SetDouble(f)
		} else {
			to.SetStr(bound(v.text)) // too large
		}
	case text:
		to.SetStr(bound(w.clean(v.text)))
	default:
		to.SetStr(bound(w.scrub(v.text)))
	}
}

func (w *writer) full() bool {
	if w.attributes.Len() < maxAttributes {
		return false
	}
	w.dropped++
	return true
}
