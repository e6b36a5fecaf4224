package main

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metrics"
)

// The receiver's README lists each setting, with the default that it has, and none that is gone. What it says without code, such as "none", is no value.
func TestSettingsAreThoseOfTheConfig(t *testing.T) {
	want := map[string]string{
		"metrics.max_monthly_cost":             fmt.Sprint(metrics.DefaultMaxMonthlyCost), // which 0 stands for
		"logs.max_requests_per_second":         "0",
		"endpoint":                             "",
		"metrics.<metric>.enabled":             "true",
		"metrics.<metric>.collection_interval": "",
	}
	addSettings(want, "", reflect.ValueOf(awsapigatewayreceiver.NewFactory().CreateDefaultConfig()))
	listed := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([\\w.<>]+)` \\| ([^|]*) \\|").FindAllStringSubmatch(section(t, "\n## Settings\n"), -1) {
		value, code := strings.CutPrefix(row[2], "`")
		if !code {
			value = ""
		}
		listed[row[1]] = strings.TrimSuffix(value, "`")
	}
	assert.Equal(t, want, listed)
}

// addSettings adds what a section has, by the path of its keys, unless it is known already.
func addSettings(to map[string]string, path string, v reflect.Value) {
	v = reflect.Indirect(v)
	for i := range v.NumField() {
		key, field := v.Type().Field(i).Tag.Get("mapstructure"), reflect.Indirect(v.Field(i))
		name := strings.TrimPrefix(path+"."+key, ".")
		switch _, known := to[name]; {
		case key == "-" || known:
		case field.Kind() == reflect.Struct && name != "apis":
			addSettings(to, name, field)
		case !field.IsValid():
			to[name] = ""
		default:
			to[name] = inYAML(field)
		}
	}
}

// inYAML is a value as a page writes it, "" for none.
func inYAML(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case time.Duration:
		return regexp.MustCompile(`([hm])0[ms](0s)?$`).ReplaceAllString(value.String(), "$1")
	case bool, int, float64:
		return fmt.Sprint(value)
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Slice:
		if v.Len() > 0 {
			return strings.ReplaceAll(fmt.Sprint(v.Interface()), " ", ", ")
		}
	}
	return ""
}

// The keys of the items of lists have tables of their own.
func TestKeysOfItemsAreThoseOfTheConfig(t *testing.T) {
	config := reflect.TypeFor[awsapigatewayreceiver.Config]()
	of := func(path ...string) reflect.Type {
		at := config
		for _, name := range path {
			field, ok := at.FieldByName(name)
			require.True(t, ok, name)
			at = field.Type
		}
		return at.Elem()
	}
	for heading, item := range map[string]reflect.Type{
		"\n## Accounts and roles\n": of("Accounts"),
		"\n## Filters\n":            of("APIs", "Include"),
	} {
		var want, listed []string
		for i := range item.NumField() {
			want = append(want, item.Field(i).Tag.Get("mapstructure"))
		}
		for _, cell := range submatches(section(t, heading), "(?m)^\\| (`.*?`) \\|") {
			listed = append(listed, submatches(cell, "`(\\w+)`")...)
		}
		assert.ElementsMatch(t, want, listed, heading)
	}
}

// section is what the receiver's README has under a heading.
func section(t *testing.T, heading string) string {
	t.Helper()
	_, text, ok := strings.Cut(page(t, receiver, "README.md"), heading)
	require.True(t, ok, heading)
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}
