package inventory

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
)

// What another version of the collector described is read and described anew, since that one may have known less; and is still there to tell what was
// deleted meanwhile.
func TestAnotherVersionDescribesAnew(t *testing.T) {
	t.Parallel()
	version := func(v string) func(*Settings) { return func(s *Settings) { s.Version = v } }
	c := newCrawler(t, whole(), stores(checkpointtest.Open(t, t.TempDir())), version("1"))
	all := c.again()
	same := c.restarted(version("1"))
	assert.Equal(t, always, same.again())
	newer := same.restarted(version("2"))
	c.a.answers["GetRoutes h1"] = nil
	read := newer.again()
	for _, operation := range []string{"GetResources r1", "GetRoutes h1", "GetDeployments r1"} {
		assert.Contains(t, all, operation)
		assert.Contains(t, read, operation)
	}
	assert.Equal(t, []string{"route h1 GET /pets"}, sortedLike(newer.w.deleted))
	assert.Equal(t, always, newer.again(), "once")
}
