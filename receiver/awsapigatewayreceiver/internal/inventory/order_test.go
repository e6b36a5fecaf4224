package inventory

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// APIs with recent traffic are crawled first: REST APIs are known by their names, the others by their ids.
func TestActiveAPIsComeFirst(t *testing.T) {
	t.Parallel()
	a := newAccount()
	a.rest = []model.API{api("r1", "a", 1), api("r2", "b", 1), api("r3", "ünïcode", 1)}
	a.v2 = []model.API{http("h1"), http("h2")}
	c := newCrawler(t, a)
	c.SetActive(map[Key]bool{{ByName: true, Value: "b"}: true, {ByName: true, Value: "ncode"}: true, {Value: "h2"}: true, {ByName: true, Value: "h1"}: true})
	_, err := c.try()
	require.NoError(t, err)
	var got []string
	for _, read := range a.asked {
		if strings.HasPrefix(read, "GetStages") {
			got = append(got, read[strings.LastIndexByte(read, ' ')+1:])
		}
	}
	assert.Equal(t, []string{"h2", "r2", "r3", "h1", "r1"}, got)
}

// With missing, only the stages of namesakes that were never read are.
func TestStagesOfNewNamesakes(t *testing.T) {
	t.Parallel()
	a := newAccount()
	a.rest = []model.API{api("r1", "x", 1), api("r2", "x", 1)}
	c := newCrawler(t, a)
	c.again()
	a.rest = append(a.rest, api("r3", "x", 1))
	a.asked = nil
	require.NoError(t, c.List(context.Background(), a.Now().Add(time.Second)))
	require.NoError(t, c.StagesOfNamesakes(context.Background(), true))
	assert.Equal(t, []string{"GetStages r3"}, a.asked[2:])
}

// An account with a name has it on its entity and on those of its APIs.
func TestAccountName(t *testing.T) {
	t.Parallel()
	named := target
	named.AccountName = "production"
	c := newCrawler(t, whole(), func(s *Settings) { s.Target = named })
	c.again()
	for _, n := range []string{"account", "api r1", "api h1"} {
		assert.Contains(t, c.w.known[n], `"aws.account.name":"production"`)
	}
}

// Lists, crawls and readers of the snapshot run at the same time.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	c := newCrawler(t, whole())
	c.again()
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for range 20 {
				assert.NoError(t, c.List(context.Background(), c.a.Now().Add(time.Second)))
				assert.NoError(t, c.StagesOfNamesakes(context.Background(), false))
			}
		})
		all.Go(func() {
			for range 200 {
				s := c.Current()
				_, _ = s.Owners(Key{ByName: true, Value: "orders"}, "prod")
				_, _ = s.Entities(), s.Stale()
				_, _ = c.Age()
			}
		})
	}
	all.Go(func() {
		for range 10 {
			err := outcome(c.crawl(context.Background()))
			assert.NoError(t, err)
			c.SetActive(map[Key]bool{{Value: "h1"}: true})
		}
	})
	all.Wait()
	assert.Len(t, c.w.known, 20)
	assert.Empty(t, c.w.deleted)
}
