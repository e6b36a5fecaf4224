package checkpoint

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

var (
	storageID = component.MustNewID("file_storage")
	owner     = component.MustNewID("awsapigateway")
)

func fileStorage(t *testing.T, dir string) component.Component {
	factory := filestorage.NewFactory()
	config := factory.CreateDefaultConfig().(*filestorage.Config)
	config.Directory = dir
	config.Timeout = 1e7 // of the wait for another's lock: 10 ms
	ext, err := factory.Create(context.Background(), extensiontest.NewNopSettings(factory.Type()), config)
	require.NoError(t, err)
	require.NoError(t, ext.Start(context.Background(), nil))
	return ext
}

func open(t *testing.T, ext component.Component, name string) *Store {
	s, err := Open(context.Background(), host{storageID: ext}, &storageID, owner, name)
	require.NoError(t, err)
	return s
}

func get(t *testing.T, s *Store, key string) []byte {
	v, err := s.Get(context.Background(), key)
	require.NoError(t, err)
	return v
}

// What is stored is there after a restart, all of a transaction; a nil value deletes.
func TestWithStorage(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	ext := fileStorage(t, dir)
	s := open(t, ext, "metrics")
	assert.True(t, s.Durable())
	assert.Nil(t, get(t, s, "a"))
	require.NoError(t, s.Apply(ctx, map[string][]byte{"a": []byte("1"), "b": []byte("2"), "c": nil}))
	require.NoError(t, s.Apply(ctx, nil))
	other := open(t, ext, "inventory")
	assert.Nil(t, get(t, other, "a"), "stores of different names are apart")
	require.NoError(t, other.Close(ctx))
	require.NoError(t, s.Close(ctx))
	require.NoError(t, s.Close(ctx), "twice is fine")
	require.NoError(t, ext.Shutdown(ctx))

	ext = fileStorage(t, dir)
	s = open(t, ext, "metrics")
	values, err := s.GetAll(ctx, []string{"b", "nothing", "a"})
	require.NoError(t, err)
	assert.Equal(t, [][]byte{[]byte("2"), nil, []byte("1")}, values, "in the order of the keys")
	require.NoError(t, s.Apply(ctx, map[string][]byte{"a": nil, "b": []byte("3")}))
	assert.Nil(t, get(t, s, "a"))
	assert.Equal(t, []byte("3"), get(t, s, "b"))
	values, err = s.GetAll(ctx, nil)
	require.NoError(t, err)
	assert.Empty(t, values)
	require.NoError(t, s.Close(ctx))
	require.NoError(t, ext.Shutdown(ctx))
}

// Without storage nothing is kept, and nothing fails.
func TestWithoutStorage(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, host{}, nil, owner, "metrics")
	require.NoError(t, err)
	assert.False(t, s.Durable())
	require.NoError(t, s.Apply(ctx, map[string][]byte{"a": []byte("1"), "b": nil}))
	assert.Nil(t, get(t, s, "a"))
	values, err := s.GetAll(ctx, []string{"a", "b"})
	require.NoError(t, err)
	assert.Equal(t, [][]byte{nil, nil}, values)
	require.NoError(t, s.Close(ctx))
}

type noStorage struct{ component.Component }

func TestOpenSaysWhatIsWrong(t *testing.T) {
	ctx := context.Background()
	_, err := Open(ctx, host{}, &storageID, owner, "metrics")
	assert.EqualError(t, err, `storage: no extension "file_storage": define it under extensions and list it under service::extensions`)
	_, err = Open(ctx, host{storageID: noStorage{}}, &storageID, owner, "metrics")
	assert.EqualError(t, err, `storage: extension "file_storage" is not a storage extension`)
}

// A second collector on the same directory fails rather than double everything.
func TestSecondOpenOfTheSameStorageFails(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	first, second := fileStorage(t, dir), fileStorage(t, dir)
	s := open(t, first, "metrics")
	_, err := Open(ctx, host{storageID: second}, &storageID, owner, "metrics")
	assert.ErrorContains(t, err, "is another collector running on the same storage?")
	require.NoError(t, s.Close(ctx))
	require.NoError(t, first.Shutdown(ctx))
	require.NoError(t, second.Shutdown(ctx))
}

// broken is a storage whose every use fails. It remembers its transactions.
type broken struct {
	storage.Client
	batches [][]*storage.Operation
}

var errDisk = errors.New("disk full")

func (*broken) Get(context.Context, string) ([]byte, error) { return nil, errDisk }
func (*broken) Close(context.Context) error                 { return errDisk }
func (b *broken) Batch(_ context.Context, ops ...*storage.Operation) error {
	b.batches = append(b.batches, ops)
	return errDisk
}

// An error is never taken for an empty value, and all changes go in one transaction.
func TestErrorsOfTheStorage(t *testing.T) {
	ctx, b := context.Background(), &broken{}
	s := &Store{client: b}
	_, err := s.Get(ctx, "a")
	assert.ErrorIs(t, err, errDisk)
	assert.ErrorContains(t, err, `"a"`)
	_, err = s.GetAll(ctx, []string{"a", "b"})
	assert.ErrorIs(t, err, errDisk)
	assert.ErrorIs(t, s.Apply(ctx, map[string][]byte{"a": {}, "b": nil, "c": []byte("3")}), errDisk)
	require.Len(t, b.batches, 2, "reads and a write")
	assert.Len(t, b.batches[1], 3)
	for _, op := range b.batches[1] {
		if op.Key == "b" {
			assert.Equal(t, storage.Delete, op.Type)
		} else {
			assert.Equal(t, storage.Set, op.Type, "an empty value is a value")
		}
	}
	assert.ErrorIs(t, s.Close(ctx), errDisk)
	assert.NoError(t, s.Close(ctx))
}

// full is a storage in memory that takes only transactions of fewer bytes than it has room for.
type full struct {
	storage.Client
	mu     sync.Mutex
	room   int
	values map[string][]byte
}

func (f *full) Get(_ context.Context, key string) ([]byte, error) { return f.all()[key], nil }

func (f *full) all() map[string][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.values)
}

func (f *full) has(room int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.room = room
}

func (f *full) Batch(_ context.Context, ops ...*storage.Operation) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	size := 0
	for _, op := range ops {
		size += len(op.Value)
	}
	if size > f.room {
		return errDisk
	}
	for _, op := range ops {
		switch op.Type {
		case storage.Get:
			op.Value = f.values[op.Key]
		case storage.Set:
			f.values[op.Key] = op.Value
		case storage.Delete:
			delete(f.values, op.Key)
		}
	}
	return nil
}

func (*full) Close(context.Context) error { return nil }

// What does not fit on the disk is there for who asks, is written with the next change or at the end, and never over what came later.
func TestWhatCouldNotBeWrittenIsWrittenLater(t *testing.T) {
	ctx := context.Background()
	passes := func() {
		time.Sleep(2 * payAfter)
		synctest.Wait()
	}
	for name, later := range map[string]func(t *testing.T, s *Store){
		"with the next change": func(t *testing.T, s *Store) { require.NoError(t, s.Apply(ctx, map[string][]byte{"z": []byte("9")})) },
		"a moment later":       func(*testing.T, *Store) { passes() },
		"at the end":           func(t *testing.T, s *Store) { require.NoError(t, s.Close(ctx)) },
	} {
		synctest.Test(t, func(t *testing.T) {
			disk := &full{values: map[string][]byte{"gone": []byte("0"), "a": []byte("0")}}
			s := &Store{client: disk}
			assert.ErrorIs(t, s.Apply(ctx, map[string][]byte{"a": []byte("1"), "b": []byte("first"), "gone": nil}), errDisk)
			buffer := []byte("second")
			assert.ErrorIs(t, s.Apply(ctx, map[string][]byte{"b": buffer}), errDisk)
			copy(buffer, "xxxxxx") // whoever wrote it uses it again
			assert.Equal(t, "second", string(get(t, s, "b")), name)
			all, err := s.GetAll(ctx, []string{"a", "gone", "b"})
			require.NoError(t, err)
			assert.Equal(t, [][]byte{[]byte("1"), nil, []byte("second")}, all, name)

			passes()
			assert.Equal(t, "0", string(disk.all()["a"]), "%s: it is full still", name)
			disk.has(4)
			require.NoError(t, s.Apply(ctx, map[string][]byte{"a": []byte("3")}), "%s: what fits is written alone", name)
			assert.Equal(t, "3", string(disk.all()["a"]), name)
			assert.Contains(t, disk.all(), "gone", name)
			disk.has(100)
			later(t, s)
			got := disk.all()
			delete(got, "z")
			assert.Equal(t, map[string][]byte{"a": []byte("3"), "b": []byte("second")}, got, name)
			assert.Empty(t, s.owed, name)
			require.NoError(t, s.Close(ctx))
		})
	}
}

// What is owed is bounded.
func TestWhatIsOwedIsBounded(t *testing.T) {
	ctx, s := context.Background(), &Store{client: &full{}}
	defer func() { assert.ErrorIs(t, s.Close(ctx), errDisk) }()
	for i := range 100 {
		assert.ErrorIs(t, s.Apply(ctx, map[string][]byte{string(rune('a' + i)): make([]byte, maxOwed/10)}), errDisk)
		size := 0
		for _, v := range s.owed {
			size += len(v)
		}
		assert.LessOrEqual(t, size, maxOwed)
	}
}

// silent is a storage over a network that does not answer.
type silent struct{ storage.Client }

func (silent) Batch(ctx context.Context, _ ...*storage.Operation) error {
	<-ctx.Done()
	return ctx.Err()
}

func (silent) Close(context.Context) error { return nil }

// What is owed to a storage that does not answer holds up neither who reads nor the end.
func TestSilentStorageHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Store{client: silent{}}
		short := func() context.Context {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			t.Cleanup(cancel)
			return ctx
		}
		assert.ErrorIs(t, s.Apply(short(), map[string][]byte{"a": []byte("1")}), context.DeadlineExceeded)
		time.Sleep(payAfter + time.Second) // now it is written once more
		start := time.Now()
		assert.Equal(t, []byte("1"), get(t, s, "a"))
		assert.ErrorIs(t, s.Close(short()), context.DeadlineExceeded)
		assert.LessOrEqual(t, time.Since(start), 2*payAfter)
	})
}
