package awsapigatewayreceiver // import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
)

var _ confmap.Unmarshaler = (*Config)(nil)

// Unmarshal reads the configuration. It tells keys that it does not know by their section, and beside them the settings that may be meant.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	err := conf.Unmarshal(c)
	if err == nil {
		return nil
	}
	var u unknown
	u.look(reflect.TypeFor[Config](), "", conf.ToStringMap())
	if len(u.keys) == 0 {
		return err
	}
	for _, key := range u.keys {
		conf.Delete(key) // the decoder would call some sections by Go's names of types
	}
	return errors.Join(append(u.errs, conf.Unmarshal(c))...)
}

// unknown gathers keys that are no settings, and what is said of them.
type unknown struct {
	keys []string
	errs []error
}

// look looks at what is set of a type, at a path of keys.
func (u *unknown) look(t reflect.Type, path string, set any) {
	section, _ := set.(map[string]any)
	switch t.Kind() {
	case reflect.Pointer:
		u.look(t.Elem(), path, set)
	case reflect.Slice:
		before := len(u.keys)
		items, _ := set.([]any)
		for i, item := range items {
			u.look(t.Elem(), fmt.Sprintf("%s[%d]", path, i), item)
		}
		if len(u.keys) > before {
			u.keys = append(u.keys, path) // nothing can be deleted from a single item
		}
	case reflect.Map:
		for _, key := range slices.Sorted(maps.Keys(section)) {
			u.look(t.Elem(), path+"::"+key, section[key])
		}
	case reflect.Struct:
		u.section(t, path, section)
	default:
	}
}

// section looks at the keys of a section, whose settings are the fields of a struct.
func (u *unknown) section(t reflect.Type, path string, section map[string]any) {
	settings := map[string]reflect.Type{}
	for i := range t.NumField() {
		if key, _, _ := strings.Cut(t.Field(i).Tag.Get("mapstructure"), ","); key != "" && key != "-" {
			settings[key] = t.Field(i).Type
		}
	}
	var invalid []string
	var near []error
	for _, key := range slices.Sorted(maps.Keys(section)) {
		at := strings.TrimPrefix(path+"::"+key, "::")
		setting, known := settings[key]
		switch {
		case known:
			u.look(setting, at, section[key])
		case t == reflect.TypeFor[metrics.Config]() && strings.HasPrefix(key, attr.Prefix): // a single metric's, beside the section's own
			u.look(reflect.TypeFor[metrics.MetricConfig](), at, section[key])
		default:
			invalid, u.keys = append(invalid, key), append(u.keys, at)
			if name := nearest(key, slices.Sorted(maps.Keys(settings))); name != "" {
				near = append(near, fmt.Errorf("%s: is no setting: is %s meant?", at, name))
			}
		}
	}
	if len(invalid) > 0 {
		said := fmt.Errorf("has invalid keys: %s", strings.Join(invalid, ", "))
		if path != "" {
			said = fmt.Errorf("%s: %w", path, said)
		}
		u.errs = append(append(u.errs, said), near...)
	}
}

// shortest is how long a key is at least that is taken for the begin of another one.
const shortest = 3

// nearest is the first of some names that is one edit away from a key, or else that one of them begins with the other; "" where none is.
func nearest(key string, names []string) string {
	for _, name := range names {
		if oneEdit(key, name) {
			return name
		}
	}
	for _, name := range names {
		if min(len(key), len(name)) >= shortest && (strings.HasPrefix(name, key) || strings.HasPrefix(key, name)) {
			return name
		}
	}
	return ""
}

// oneEdit says whether a name becomes another one by a letter that is put in, left out or replaced, or by two that change places.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	begin := 0
	for begin < len(a) && a[begin] == b[begin] {
		begin++
	}
	a, b = a[begin:], b[begin:]
	switch {
	case len(b) == len(a)+1:
		return a == b[1:]
	case len(b) != len(a) || a == "":
		return false
	case a[1:] == b[1:]:
		return true
	default:
		return len(a) > 1 && a[0] == b[1] && a[1] == b[0] && a[2:] == b[2:]
	}
}
