// Package checkpoint keeps positions over the collector's storage extension. It is the only package that touches storage. Without a storage
// extension it keeps nothing: positions then live in their owner's memory, and each start is a first start.
package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// Store holds small values under keys. What could not be written, on a full disk for example, is written with the next change, a moment later, and at the
// end: who has nothing more to say would repeat after a restart what was long handed over.
type Store struct {
	client storage.Client // nil without storage

	turn  poll.Turn         // held while what is owed is written, or changed
	owed  map[string][]byte // what could not be written; a nil value deletes
	later *time.Timer       // writes what is owed; nil where nothing waits to be
}

// maxOwed bounds what is owed, in bytes of keys and values: more is given up, as its writer was told.
const maxOwed = 8 << 20

// payAfter is when what is owed is written again, whatever else there is to write.
const payAfter = 5 * time.Second

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
	if v, ok := s.unwritten(key); ok {
		return v, nil
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
		if v, ok := s.unwritten(keys[i]); ok {
			values[i] = v
		}
	}
	return values, nil
}

// unwritten is the value of a key that could not be written.
func (s *Store) unwritten(key string) (value []byte, ok bool) {
	s.turn.Lock()
	defer s.turn.Unlock()
	value, ok = s.owed[key]
	return value, ok
}

// Apply writes all changes in one transaction; a nil value deletes its key. Changes of one key come one after the other.
func (s *Store) Apply(ctx context.Context, changes map[string][]byte) error {
	if s.client == nil || len(changes) == 0 {
		return nil
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	if len(s.owed) == 0 {
		s.turn.Unlock() // writers don't wait for each other
		err := s.write(ctx, changes)
		s.turn.Lock()
		if err != nil {
			s.owe(changes)
		}
		return err
	}
	s.owe(changes)
	if s.pay(ctx) == nil {
		return nil
	}
	// Less may fit.
	err := s.write(ctx, changes)
	if err == nil {
		maps.DeleteFunc(s.owed, func(key string, _ []byte) bool {
			_, written := changes[key]
			return written
		})
	}
	return err
}

// pay writes what is owed. The caller has the turn.
func (s *Store) pay(ctx context.Context) error {
	if len(s.owed) == 0 {
		return nil
	}
	if err := s.write(ctx, s.owed); err != nil {
		return err
	}
	s.owed = nil
	return nil
}

// payLater writes what is still owed, again and again.
func (s *Store) payLater() {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.later = nil
	ctx, cancel := context.WithTimeout(context.Background(), payAfter) // others wait for the turn
	defer cancel()
	if s.client != nil && s.pay(ctx) != nil {
		s.later = time.AfterFunc(payAfter, s.payLater)
	}
}

// owe notes what is to be written. The caller has the turn.
func (s *Store) owe(changes map[string][]byte) {
	if s.owed == nil {
		s.owed = make(map[string][]byte, len(changes))
	}
	if s.later == nil {
		s.later = time.AfterFunc(payAfter, s.payLater)
	}
	for k, v := range changes {
		s.owed[k] = bytes.Clone(v) // the writer may use its buffer again
	}
	size := 0
	for k, v := range s.owed {
		size += len(k) + len(v)
	}
	if size > maxOwed {
		maps.DeleteFunc(s.owed, func(key string, _ []byte) bool {
			_, newest := changes[key]
			return !newest
		})
	}
}

func (s *Store) write(ctx context.Context, changes map[string][]byte) error {
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
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.later != nil {
		s.later.Stop()
	}
	owed := s.pay(ctx)
	err := s.client.Close(ctx)
	s.client = nil
	if err != nil {
		err = errors.Join(errors.New("cannot close storage"), err)
	}
	return errors.Join(owed, err)
}
