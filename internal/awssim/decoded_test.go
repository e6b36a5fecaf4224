package awssim

import (
	"reflect"
	"strings"
	"time"
)

// decoded turns what the SDK decoded, or what the world says, into the same plain values: structs become maps by AWS's names, and what is absent,
// empty, false or zero is left out, as the SDK does not always tell these apart.
func decoded(v any) map[string]any {
	out, _ := plainValue(reflect.ValueOf(v)).(map[string]any)
	return out
}

func plainValue(v reflect.Value) any {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return nil
	}
	if t, ok := v.Interface().(time.Time); ok {
		return t.UTC().Format(time.RFC3339)
	}
	if v.IsZero() {
		return nil
	}
	switch v.Kind() {
	case reflect.Bool:
		return true
	case reflect.String:
		return v.String()
	case reflect.Slice, reflect.Array:
		var list []any
		for i := range v.Len() {
			list = append(list, plainValue(v.Index(i)))
		}
		return unlessEmpty(list, len(list))
	case reflect.Map:
		out := map[string]any{}
		for _, key := range v.MapKeys() {
			put(out, key.String(), v.MapIndex(key))
		}
		return unlessEmpty(out, len(out))
	case reflect.Struct:
		out := map[string]any{}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "ResultMetadata" {
				put(out, strings.ToLower(f.Name[:1])+f.Name[1:], v.Field(i))
			}
		}
		return unlessEmpty(out, len(out))
	default:
		return v.Convert(reflect.TypeFor[float64]()).Interface()
	}
}

func put(into map[string]any, name string, v reflect.Value) {
	if value := plainValue(v); value != nil {
		into[name] = value
	}
}

func unlessEmpty(v any, length int) any {
	if length == 0 {
		return nil
	}
	return v
}
