package executionlog

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

// TestEveryLineOfTheEmbeddedAWSIsKnown also looks for what its requests and answers have of secrets.
func TestEveryLineOfTheEmbeddedAWSIsKnown(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	world := awssim.DemoWorld(noon)
	off, on := plain(), withBodies()
	lines := 0
	for _, account := range world.Accounts {
		for _, region := range account.Regions {
			for _, api := range region.APIs {
				for _, stage := range api.Stages {
					for line := range world.ExecutionLines(api, stage, noon.Add(-2*time.Minute), noon) {
						lines++
						record, known := decode(off, line.Line)
						assert.True(t, known, line.Line)
						id, _ := record.Attributes().Get("aws.request_id")
						assert.Equal(t, line.RequestID, id.Str())
						assertNone(t, record.Body().Str(), "hunter2", "4111111111111111", "s3cr3t-of-the-authorizer", "session=", "IQoJb3JpZ2luX2VjE", "****")
						record, _ = decode(on, line.Line)
						assertNone(t, record.Body().Str(), "s3cr3t-of-the-authorizer", "session=", "IQoJb3JpZ2luX2VjE", "****")
					}
				}
			}
		}
	}
	assert.Greater(t, lines, 1000)
}

func assertNone(t *testing.T, text string, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(text, s) {
			t.Fatalf("%s is in %s", s, text)
		}
	}
}
