package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/redact"
)

// Each variable becomes the attributes that the page says, of the type that it says, and leaves only where the page says that it does.
func TestVariablesAreAsDocumented(t *testing.T) {
	values := map[string]string{
		"int": "1500", "double, s": "1500", "bool": "true", "string": "value", "protocol": "HTTP/1.1", "routeKey": "GET /value", "error.messageString": `"value"`,
		"xrayTraceId": "1-5c755b5d-07b29b94e632d3da19d88789",
	}
	types := map[string]pcommon.ValueType{"int": pcommon.ValueTypeInt, "double, s": pcommon.ValueTypeDouble, "bool": pcommon.ValueTypeBool, "string": pcommon.ValueTypeStr}
	docs := accesslog.VariableDocs()
	for i := range docs {
		d := &docs[i]
		if d.Type == "" {
			continue // the record's time
		}
		value, ok := values[d.Name]
		if !ok {
			value = values[d.Type]
		}
		name := strings.ReplaceAll(d.Name, "<name>", "other")
		asked, plain := write(t, name, value, "*"), write(t, name, value)
		for _, attribute := range d.Attributes {
			attribute = strings.ReplaceAll(attribute, "<name>", "other")
			v, ok := asked.Attributes().Get(attribute)
			assert.Equal(t, !d.Secret, ok, "%s of %s, where everything is asked for", attribute, name)
			if ok {
				assert.Equal(t, types[d.Type], v.Type(), name)
			}
			_, ok = plain.Attributes().Get(attribute)
			assert.Equal(t, !d.Secret && !d.Asked, ok, "%s of %s", attribute, name)
		}
		assert.Equal(t, d.Secret || d.Asked, strings.Contains(plain.Body().Str(), "*"), "the body of %s", name)
	}
}

// Headers that carry credentials never come out, asked for or not.
func TestCredentialsNeverComeOut(t *testing.T) {
	for _, name := range []string{"requestOverride.header.Authorization", "requestOverride.header.cookie", "responseOverride.header.Set-Cookie"} {
		record := write(t, name, "value", "*")
		assert.Empty(t, record.Attributes().AsRaw(), name)
		assert.Equal(t, "*****", record.Body().Str(), name)
	}
}

// write maps a line whose format is one variable.
func write(t *testing.T, variable, value string, include ...string) plog.LogRecord {
	format, err := accesslog.Compile("$context." + variable)
	require.NoError(t, err)
	var values accesslog.Values
	require.True(t, format.Decode(value, &values), "%s: %s", variable, value)
	record := plog.NewLogRecord()
	accesslog.NewWriter(redact.New(nil, include, ""), true).Bind(format).Write(record, value, &values, accesslog.Identity{})
	return record
}

// The lines that the page shows are known, are of the phase that it says, and show nothing that it calls masked.
func TestExecutionLogsAreAsDocumented(t *testing.T) {
	for _, p := range phases {
		for _, line := range p.lines {
			record, known := decode(line, false)
			assert.True(t, known, line)
			v, _ := record.Attributes().Get(attr.Phase)
			assert.Equal(t, p.name, v.Str(), line)
			for _, hidden := range []string{"****", "jane", "Rex", "hello", "limit=", "*/*"} {
				assert.NotContains(t, record.Body().Str(), hidden)
			}
		}
	}
}

// Attributes that are off are those that the page says are off.
func TestExecutionLogsHaveWhatIsOffSaid(t *testing.T) {
	off := map[string]bool{}
	for _, p := range phases {
		for _, line := range p.lines {
			all, _ := decode(line, true)
			some, _ := decode(line, false)
			for name := range all.Attributes().All() {
				if _, ok := some.Attributes().Get(name); !ok {
					off[name] = true
				}
			}
		}
	}
	assert.Equal(t, map[string]bool{attr.UserID: true}, off)
	assert.Contains(t, executionNotes[attr.UserID], "off")
}
