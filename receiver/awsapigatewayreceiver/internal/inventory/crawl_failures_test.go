package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/racetest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
)

// ofClass is the error of a read, as the client returns it.
func ofClass(class aws.Class) error { return &aws.Error{Operation: "x", Class: class, Err: errDown} }

// Each read fails in turn, in each way, while everything else is read anew: its part is the one before and says so, nothing of it is deleted, the error
// is told, and the next crawl makes it good.
func TestEachReadFails(t *testing.T) {
	racetest.Skip(t)
	t.Parallel()
	for read, at := range allReads {
		for class, how := range map[string]func(a *account){
			"denied":     func(a *account) { a.errs[read] = ofClass(aws.Denied) },
			"throttled":  func(a *account) { a.errs[read] = ofClass(aws.Throttled) },
			"server":     func(a *account) { a.errs[read] = ofClass(aws.Server) },
			"other":      func(a *account) { a.errs[read] = errDown },
			"malformed":  func(a *account) { a.answers[read] = []string{`[]`} },
			"malformed2": func(a *account) { a.answers[read] = []string{`{"id": 7, "name": "no id"}`} },
		} {
			if class == "malformed2" && !noID[read] || class == "malformed" && counted[at.part] {
				continue
			}
			t.Run(read+" "+class, func(t *testing.T) {
				c := newCrawler(t, whole())
				c.again()
				before := c.Current().Parts[at.api][at.part]
				require.NotNil(t, before)
				known := len(c.w.known)
				good := c.a.answers[read]
				how(c.a)
				c.a.now = c.a.now.Add(c.config.FullInterval)
				_, err := c.try()
				require.Error(t, err)
				assert.Len(t, strings.Split(err.Error(), "\n"), 1, "it is told once: %v", err)

				p := c.Current().Parts[at.api][at.part]
				require.NotNil(t, p)
				assert.Equal(t, strings.TrimRight(class, "2"), p.Stale)
				assert.Equal(t, before.Read, p.Read, "as old as before")
				assert.True(t, before.same(p))
				assert.Empty(t, c.w.deleted)
				assert.Len(t, c.w.known, known)
				assert.Positive(t, c.Current().Stale())
				if strings.HasPrefix(class, "malformed") {
					assert.Equal(t, 1, cmp.Or(c.a.malformed[kindOf(read)], c.a.malformed["GetDomainNames"]), "counted: %v", c.a.malformed)
				}

				delete(c.a.errs, read)
				c.a.answers[read] = good
				reads := c.again()
				assert.Contains(t, reads, read, "it is tried again by the next crawl")
				p = c.Current().Parts[at.api][at.part]
				assert.Empty(t, p.Stale)
				assert.Zero(t, c.Current().Stale())
				assert.Empty(t, c.w.deleted)
				assert.Len(t, c.w.known, known)
			})
		}
	}
}

// kindOf is a read without its subject.
func kindOf(read string) string {
	words := strings.Fields(read)
	if len(words) > 1 && words[1] == "(v2)" {
		return words[0] + " (v2)"
	}
	return words[0]
}

// noID are the reads whose items are nothing without an id.
var noID = map[string]bool{
	"GetStages r1": true, "GetStages (v2) h1": true, "GetDeployments r1": true, "GetDeployments (v2) h1": true, "GetAuthorizers r1": true, "GetAuthorizers (v2) h1": true, "GetRoutes h1": true, "GetIntegrations h1": true,
	"GetResources r1": true, "GetUsagePlans": true, "GetApiKeys": true, "GetClientCertificates": true, "GetVpcLinks": true, "GetVpcLinks (v2)": true, "GetDomainNames": true, "GetDomainNames (v2)": true,
}

// counted are the parts whose items are only counted.
var counted = map[string]bool{"models": true, "request_validators": true}

// A read that never succeeded has no part: nothing is known of what it would find, and everything else is.
func TestReadsThatNeverSucceeded(t *testing.T) {
	t.Parallel()
	for read, at := range allReads {
		t.Run(read, func(t *testing.T) {
			a := whole()
			a.errs[read] = ofClass(aws.Denied)
			c := newCrawler(t, a)
			_, err := c.try()
			require.ErrorIs(t, err, errDown)
			assert.Nil(t, c.Current().Parts[at.api][at.part])
			if _, known := c.Current().Stages[at.api]; at.part == partStages {
				assert.False(t, known, "nor are no stages known")
			}
			_, err = c.try()
			require.Error(t, err)
			assert.Empty(t, c.w.deleted)
			delete(a.errs, read)
			c.again()
			assert.NotNil(t, c.Current().Parts[at.api][at.part])
			assert.Len(t, c.w.known, 20)
		})
	}
}

// That there are no REST APIs is known once they were listed, whatever becomes of the others' list.
func TestNoRESTAPIs(t *testing.T) {
	t.Parallel()
	for read, listed := range map[string]bool{"GetRestApis": false, "GetApis": true} {
		a := newAccount()
		a.errs[read] = ofClass(aws.Denied)
		c := newCrawler(t, a)
		_, err := c.try()
		require.Error(t, err)
		assert.Empty(t, c.Current().APIs)
		assert.True(t, c.Current().Taken.IsZero())
		assert.Equal(t, listed, c.Current().ListedREST, read)
		delete(a.errs, read)
		c.again()
		assert.True(t, c.Current().ListedREST)
	}
}

// What is denied for three APIs is likely denied for all: the kind of read is left for this crawl, the others go on; what was not asked for is marked
// with the reason.
func TestReadsAreGivenUp(t *testing.T) {
	t.Parallel()
	for _, read := range []string{"GetStages", "GetResources", "GetDeployments"} {
		t.Run(read, func(t *testing.T) {
			a := newAccount()
			for i := range 10 {
				id := fmt.Sprintf("r%d", i)
				a.rest = append(a.rest, api(id, "n"+id, 1))
				a.stages[id] = stages("prod")
			}
			c := newCrawler(t, a)
			c.again()
			assert.Equal(t, 10, a.calls[read])
			a.errs[read] = ofClass(aws.Denied)
			a.now = a.now.Add(c.config.FullInterval)
			_, err := c.try()
			require.Error(t, err)
			assert.Equal(t, 10+maxFailures, a.calls[read])
			assert.Equal(t, 20, a.calls["GetAuthorizers"], "the others go on")
			classes := map[string]int{}
			for i := range 10 {
				for _, p := range c.Current().Parts[fmt.Sprintf("r%d", i)] {
					if p.Stale != "" {
						classes[p.Stale]++
					}
				}
			}
			assert.Equal(t, map[string]int{"denied": 10}, classes)
			delete(a.errs, read)
			c.again()
			assert.Zero(t, c.Current().Stale())
		})
	}
}

// Failures in a row count: one that succeeds between them starts anew.
func TestScatteredFailuresAreNotGivenUp(t *testing.T) {
	t.Parallel()
	a := newAccount()
	for i := range 12 {
		id := fmt.Sprintf("r%02d", i)
		a.rest = append(a.rest, api(id, "n"+id, 1))
		if i%3 != 0 {
			a.errs["GetResources "+id] = ofClass(aws.Server)
		}
	}
	c := newCrawler(t, a)
	_, err := c.try()
	require.Error(t, err)
	assert.Equal(t, 12, a.calls["GetResources"])
}

// An API that is deleted while its detail is read is no more after it.
func TestAPIDeletedDuringACrawl(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"GetStages r1", "GetResources r1", "GetModels r1"} {
		t.Run(at, func(t *testing.T) {
			c := newCrawler(t, whole())
			once := false
			c.a.onRead = func(name string) {
				if name != at || once {
					return
				}
				once = true
				c.a.answers["GetRestApis"] = nil
				require.NoError(t, c.List(t.Context(), c.a.Now().Add(1))) // as the metrics do
			}
			c.again()
			assert.Equal(t, []string{"h1"}, ids(c.Current().APIs))
			assert.NotContains(t, c.Current().Parts, "r1")
			for n := range c.w.known {
				assert.NotContains(t, n, " r1 ")
			}
			c.again()
			assert.NotContains(t, c.Current().Parts, "r1")
		})
	}
}

// Values that AWS does not document are counted, each read on its own, once.
func TestUndocumentedValuesAreCounted(t *testing.T) {
	t.Parallel()
	a := whole()
	a.answers["GetRoutes h1"] = []string{`{"routeKey": "GET /", "apiKeyRequired": "yes", "operationName": 7}`}
	a.answers["GetRestApis"] = []string{`{"id": "r1", "name": 7}`}
	a.answers["GetDomainNames (v2)"] = []string{`{"domainName": "api.example.com", "tags": 7}`}
	c := newCrawler(t, a)
	c.again()
	want := map[string]int{"GetRoutes": 2, "GetRestApis": 1, "GetDomainNames": 1}
	assert.Equal(t, want, a.malformed)
	c.again()
	assert.Equal(t, want, a.malformed, "what is unchanged is not read twice")
}

// An item that occurs on two pages, since the list shifted while it was read, counts once.
func TestItemsOnTwoPages(t *testing.T) {
	t.Parallel()
	a := whole()
	for read := range allReads {
		a.answers[read] = slices.Concat(a.answers[read], a.answers[read])
	}
	a.answers["GetRestApis"] = slices.Concat(a.answers["GetRestApis"], a.answers["GetRestApis"])
	a.answers["GetApis"] = slices.Concat(a.answers["GetApis"], a.answers["GetApis"])
	c := newCrawler(t, a)
	c.again()
	assert.Len(t, c.w.known, 20)
	assert.Equal(t, []string{"h1", "r1"}, ids(c.Current().APIs))
	entities := c.Current().Entities()
	for kind, n := range map[string]int{"stage": 2, "route": 2, "deployment": 2, "usage_plan": 1, "domain_name": 2, "api_key": 1} {
		assert.Equal(t, n, entities[kind], kind)
	}
	assert.Len(t, c.Current().Stages["r1"], 1)
	assert.Len(t, c.Current().Limits.Plans, 1)
	assert.Len(t, c.Current().Limits.Certificates, 1)
}
