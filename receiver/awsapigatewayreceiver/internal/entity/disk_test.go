package entity

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
)

// disk is a storage that can fail, and be slow.
type disk struct {
	component.StartFunc
	component.ShutdownFunc
	mu     sync.Mutex
	values map[string][]byte
	// onWrite is told the keys of each transaction that writes, before it happens, and may fail it.
	onWrite func(keys []string) error
}

func (d *disk) open(t *testing.T) *checkpoint.Store {
	id := component.MustNewID("file_storage")
	s, err := checkpoint.Open(context.Background(), host{id: d}, &id, component.MustNewID("awsapigateway"), "entities")
	require.NoError(t, err)
	return s
}

func (d *disk) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return d, nil
}

func (d *disk) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := d.Batch(ctx, op)
	return op.Value, err
}

func (d *disk) Set(ctx context.Context, key string, value []byte) error {
	return d.Batch(ctx, storage.SetOperation(key, value))
}

func (d *disk) Delete(ctx context.Context, key string) error {
	return d.Batch(ctx, storage.DeleteOperation(key))
}

func (d *disk) Batch(_ context.Context, ops ...*storage.Operation) error {
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

func (*disk) Close(context.Context) error { return nil }

func (d *disk) set(onWrite func(keys []string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.onWrite = onWrite
}
