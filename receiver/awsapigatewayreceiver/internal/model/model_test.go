package model

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// CloudWatch strips what is not ASCII from a REST API's name, and takes the id where nothing is left.
func TestMetricName(t *testing.T) {
	for name, want := range map[string]string{"orders": "orders", "ördérs": "rdrs", "注文": "abc", "": "abc", " ": " ", "a\xffb": "ab", "~\x7f": "~\x7f"} {
		a := API{ID: "abc", Name: name, Type: REST}
		assert.Equal(t, want, a.MetricName(), "%q", name)
	}
}

func TestARN(t *testing.T) {
	for kind, want := range map[APIType]string{REST: "restapis", HTTP: "apis", WebSocket: "apis"} {
		a := API{ID: "abc", Type: kind}
		assert.Equal(t, "arn:aws-cn:apigateway:cn-north-1::/"+want+"/abc", a.ARN("aws-cn", "cn-north-1"))
	}
}

func TestWindowEmpty(t *testing.T) {
	assert.True(t, Window{Start: 60, End: 60}.Empty())
	assert.True(t, Window{Start: 60, End: 0}.Empty())
	assert.False(t, Window{Start: 0, End: 60}.Empty())
}
