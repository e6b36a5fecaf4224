// Package checkpointtest gives tests a store: over file_storage, as users have it, or over a disk that fails when it is told to.
package checkpointtest

import (
	"context"
	"sync"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
)

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

func open(t testing.TB, ext component.Component) *checkpoint.Store {
	t.Helper()
	id := component.MustNewID("file_storage")
	s, err := checkpoint.Open(context.Background(), host{id: ext}, &id, component.MustNewID("awsapigateway"), "test")
	require.NoError(t, err)
	return s
}

// Open opens a store over file_storage in a folder, until the test ends.
func Open(t testing.TB, dir string) *checkpoint.Store {
	t.Helper()
	factory := filestorage.NewFactory()
	config := factory.CreateDefaultConfig().(*filestorage.Config)
	config.Directory = dir
	ext, err := factory.Create(context.Background(), extensiontest.NewNopSettings(factory.Type()), config)
	require.NoError(t, err)
	require.NoError(t, ext.Start(context.Background(), nil))
	s := open(t, ext)
	t.Cleanup(func() {
		assert.NoError(t, s.Close(context.Background()))
		assert.NoError(t, ext.Shutdown(context.Background()))
	})
	return s
}

// Disk is a storage in memory that can fail, and be slow.
type Disk struct {
	component.StartFunc
	component.ShutdownFunc

	mu      sync.Mutex
	values  map[string][]byte
	onWrite func(keys []string) error
}

// Open opens a store over the disk.
func (d *Disk) Open(t testing.TB) *checkpoint.Store { return open(t, d) }

// OnWrite sets what is told the keys of each transaction that writes, before it happens, and may fail it; nil: nothing.
func (d *Disk) OnWrite(f func(keys []string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.onWrite = f
}

// Keys are those that have a value.
func (d *Disk) Keys() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	keys := make([]string, 0, len(d.values))
	for k := range d.values {
		keys = append(keys, k)
	}
	return keys
}

// Remove takes a value away behind the store's back.
func (d *Disk) Remove(key string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.values, key)
}

// GetClient gives the disk itself.
func (d *Disk) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return d, nil
}

// Get reads a value.
func (d *Disk) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := d.Batch(ctx, op)
	return op.Value, err
}

// Set writes a value.
func (d *Disk) Set(ctx context.Context, key string, value []byte) error {
	return d.Batch(ctx, storage.SetOperation(key, value))
}

// Delete removes a value.
func (d *Disk) Delete(ctx context.Context, key string) error {
	return d.Batch(ctx, storage.DeleteOperation(key))
}

// Batch makes a transaction.
func (d *Disk) Batch(_ context.Context, ops ...*storage.Operation) error {
	var keys []string
	for _, op := range ops {
		if op.Type != storage.Get {
			keys = append(keys, op.Key)
		}
	}
	d.mu.Lock()
	onWrite := d.onWrite
	d.mu.Unlock()
	if onWrite != nil && len(keys) > 0 {
		if err := onWrite(keys); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.values == nil {
		d.values = map[string][]byte{}
	}
	for _, op := range ops {
		switch op.Type {
		case storage.Get:
			op.Value = d.values[op.Key]
		case storage.Set:
			d.values[op.Key] = op.Value
		case storage.Delete:
			delete(d.values, op.Key)
		}
	}
	return nil
}

// Close does nothing.
func (*Disk) Close(context.Context) error { return nil }
