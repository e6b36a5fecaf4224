package awsapigatewayreceiver // import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

var _ confmap.Unmarshaler = (*Config)(nil)

// Unmarshal reads the configuration. Beside keys that it does not know it names those that may be meant.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	err := conf.Unmarshal(c)
	if err == nil {
		return nil
	}
	return errors.Join(append([]error{err}, meant(reflect.TypeFor[Config](), "", conf.ToStringMap())...)...)
}

// meant are errors for the keys of a section that are no settings and near to one. Those that are near to none the decoder names.
func meant(t reflect.Type, path string, section any) (errs []error) {
	switch t.Kind() {
	case reflect.Pointer:
		return meant(t.Elem(), path, section)
	case reflect.Slice:
		items, _ := section.([]any)
		for i, item := range items {
			errs = append(errs, meant(t.Elem(), fmt.Sprintf("%s[%d]", path, i), item)...)
		}
	case reflect.Struct:
		settings := map[string]reflect.Type{}
		for i := range t.NumField() {
			if key, _, _ := strings.Cut(t.Field(i).Tag.Get("mapstructure"), ","); key != "" && key != "-" {
				settings[key] = t.Field(i).Type
			}
		}
		keys, _ := section.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			below := strings.TrimPrefix(path+"::"+key, "::")
			if setting, ok := settings[key]; ok {
				errs = append(errs, meant(setting, below, keys[key])...)
			} else if near := nearest(key, slices.Sorted(maps.Keys(settings))); near != "" {
				errs = append(errs, fmt.Errorf("%s: is no setting: is %s meant?", below, near))
			}
		}
	default:
	}
	return errs
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
