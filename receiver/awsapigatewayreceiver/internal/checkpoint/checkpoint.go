// Package checkpoint keeps positions over the collector's storage extension. It is the only package that touches storage. Without a storage
// extension it keeps nothing: positions then live in their owner's memory, and each start is a first start.
package checkpoint

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// Store holds small values under keys.
type Store struct {
	client storage.Client // nil without storage
}

// Open gets the client of the storage extension id for the component. A nil id is a Store that keeps nothing.
//
// file_storage locks its file, so that a second collector on the same directory fails here rather than double everything.
func Open(ctx context.Context, host component.Host, id *component.ID, owner component.ID, name string) (*Store, error) {
	if id == nil {
		return &Store{}, nil
	}
	ext, ok := host.GetExtensions()[*id]
	if !ok {
		return nil, fmt.Errorf("storage: no extension %q: define it under extensions and list it under service::extensions", id)
	}
	se, ok := ext.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("storage: extension %q is not a storage extension", id)
	}
	client, err := se.GetClient(ctx, component.KindReceiver, owner, name)
	if err != nil {
		return nil, fmt.Errorf("storage: cannot open the positions of %q in %q, is another collector running on the same storage? %w", owner, id, err)
	}
	return &Store{client: client}, nil
}

// Durable says whether anything survives a restart.
func (s *Store) Durable() bool { return s.client != nil }

// Get returns the value of key, nil where there is none.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	if s.client == nil {
		return nil, nil
	}
	v, err := s.client.Get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("cannot read stored %q: %w", key, err)
	}
	return v, nil
}

// GetAll returns the values of keys in their order, nil where there is none.
func (s *Store) GetAll(ctx context.Context, keys []string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	if s.client == nil || len(keys) == 0 {
		return values, nil
	}
	ops := make([]*storage.Operation, len(keys))
	for i, k := range keys {
		ops[i] = storage.GetOperation(k)
	}
	if err := s.client.Batch(ctx, ops...); err != nil {
		return nil, fmt.Errorf("cannot read %d stored positions: %w", len(keys), err)
	}
	for i, op := range ops {
		values[i] = op.Value
	}
	return values, nil
}

// Apply writes all changes in one transaction; a nil value deletes its key.
func (s *Store) Apply(ctx context.Context, changes map[string][]byte) error {
	if s.client == nil || len(changes) == 0 {
		return nil
	}
	ops := make([]*storage.Operation, 0, len(changes))
	for k, v := range changes {
		if v == nil {
			ops = append(ops, storage.DeleteOperation(k))
		} else {
			ops = append(ops, storage.SetOperation(k, v))
		}
	}
	if err := s.client.Batch(ctx, ops...); err != nil {
		return fmt.Errorf("cannot store %d positions: %w", len(changes), err)
	}
	return nil
}

// Close gives the client back. It is safe to call twice.
func (s *Store) Close(ctx context.Context) error {
	if s.client == nil {
		return nil
	}
	err := s.client.Close(ctx)
	s.client = nil
	if err != nil {
		return errors.Join(errors.New("cannot close storage"), err)
	}
	return nil
}
