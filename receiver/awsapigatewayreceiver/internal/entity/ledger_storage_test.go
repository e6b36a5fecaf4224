package entity

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint/checkpointtest"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/inventory"
)

// A write of the ledger that takes long never overwrites a newer one: what was found meanwhile is still owed after a crash.
func TestASlowWriteDoesNotOverwriteANewerOne(t *testing.T) {
	t.Parallel()
	d := &checkpointtest.Disk{}
	r := newRig(t, d.Open(t), config())
	r.certificates("c1", "c2", "c3")
	r.crawl()
	r.flush()
	r.certificates("c2", "c3")
	r.crawl()
	r.took()

	overtaken, done := make(chan struct{}), make(chan struct{})
	writes := 0
	d.OnWrite(func(keys []string) error {
		if !slices.Contains(keys, r.Key) {
			return nil // the inventory's
		}
		if writes++; writes > 1 {
			return nil
		}
		go func() { // a crawl, while the deletion of c1 is noted as sent
			defer close(done)
			r.certificates("c3")
			r.crawl()
			close(overtaken)
		}()
		for range 100_000 { // time enough to overtake it, if it could
			select {
			case <-overtaken:
				return nil
			default:
				runtime.Gosched()
			}
		}
		return nil
	})
	require.True(t, r.send(context.Background()))
	<-done
	d.OnWrite(nil)
	assert.Equal(t, 2, writes)
	assert.Equal(t, []string{"delete client_certificate c1"}, r.took())

	r = r.restart()
	r.flush()
	took := r.took()
	assert.Contains(t, took, "delete client_certificate c2")
	assert.NotContains(t, took, "delete client_certificate c1")
}

// What was owed of one account, and what it had, says nothing of another one whose credentials the target has now: that one begins anew.
func TestAnotherAccountOwesNothing(t *testing.T) {
	t.Parallel()
	d := &checkpointtest.Disk{}
	r := newRig(t, d.Open(t), config())
	r.certificates("c1", "c2")
	r.crawl()
	r.flush()
	r.certificates("c2")
	r.crawl() // the deletion of c1 waits
	r.account.id = "222233334444"
	r.certificates("c3")
	r = r.restart()
	r.crawl()
	r.flush()
	assert.Equal(t, []string{"state client_certificate c3"}, about(r.took(), "client_certificate"))
	r = r.restart()
	r.flush()
	assert.Empty(t, r.took())
}

// What the storage did not take is stored with the next change, and what it did not remove is removed then.
func TestFailedWritesAreRepeated(t *testing.T) {
	t.Parallel()
	d := &checkpointtest.Disk{}
	r := newRig(t, d.Open(t), config())
	failing := func(keys []string) error {
		if slices.Contains(keys, r.Key) {
			return errors.New("the disk is full")
		}
		return nil
	}
	r.certificates("c1", "c2", "c3")
	r.crawl()
	r.flush()
	d.OnWrite(failing)
	r.certificates("c2", "c3")
	r.crawl()
	assert.Equal(t, 1, r.failed)
	d.OnWrite(nil)
	r.certificates("c3")
	r.crawl()

	r = r.restart()
	r.took()
	d.OnWrite(failing)
	r.flush()
	assert.Subset(t, r.took(), []string{"delete client_certificate c1", "delete client_certificate c2"})
	assert.Positive(t, r.failed)
	d.OnWrite(nil)
	r.certificates("c3", "c4")
	r.crawl()
	r.flush()
	for _, key := range d.Keys() {
		assert.False(t, strings.HasPrefix(key, r.Key+"/"), "%s is not needed any more", key)
	}
	r = r.restart()
	r.flush()
	assert.Empty(t, r.took(), "nothing is sent twice")
}

// Who asks for another form of entity events gets everything in it; once.
func TestAnotherFormReportsEverything(t *testing.T) {
	t.Parallel()
	r := newRig(t, checkpointtest.Open(t, t.TempDir()), config())
	r.certificates("c1", "c2")
	r.crawl()
	r.flush()
	for _, form := range []string{inventory.EventsLegacy, inventory.EventsNone, inventory.EventsSpecification} {
		r.config.EntityEvents = form
		r = r.restart()
		r.flush()
		records := 0
		for _, batch := range r.pipeline.batches {
			records += batch.LogRecordCount()
		}
		if form == inventory.EventsNone {
			assert.Zero(t, records)
			r.certificates("c2") // whatever happens meanwhile
			r.crawl()
			r.certificates("c1", "c2")
			r.crawl()
		} else {
			assert.Equal(t, 2, records, form)
			r = r.restart()
			r.flush()
			assert.Empty(t, r.pipeline.batches, "%s: once", form)
		}
	}
}
