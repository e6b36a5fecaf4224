package traces

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// storedVersion is the version of everything that is stored here.
const storedVersion = 1

const (
	// maxWindows bounds the windows that are open at once, maxChunks the values of one.
	maxWindows = int(maxSettle/minPollInterval) + 2
	maxChunks  = 1 << 17
	maxUnix    = 1 << 34
)

// stored is the position of a target as it is kept. What is remembered of traces stands in values of its own, each written once.
type stored struct {
	V int `json:"v"`
	// Account is the one that was read, "" of collectors that did not say it.
	Account string         `json:"account,omitempty"`
	Next    int64          `json:"next"`
	Windows []storedWindow `json:"windows,omitempty"`
}

type storedWindow struct {
	Start  int64 `json:"start"`
	End    int64 `json:"end"`
	Chunks int   `json:"chunks,omitempty"`
	Read   bool  `json:"read,omitempty"`
}

func (r *Reader) key() string { return "traces/" + r.Target.Label }

func (r *Reader) chunkKey(w *window, n int) string {
	return r.key() + "/" + strconv.FormatInt(w.Start, 10) + "#" + strconv.Itoa(n)
}

// saveBatch stores what was handed over, before the next batch is.
func (r *Reader) saveBatch(ctx context.Context, w *window, memos []taken) {
	if !r.Store.Durable() || len(memos) == 0 {
		return
	}
	key := r.chunkKey(w, w.chunks)
	w.chunks++
	r.save(ctx, map[string][]byte{key: encodeMemos(memos)})
}

// forget drops what is stored of windows that are not read any more.
func (r *Reader) forget(ctx context.Context, windows ...*window) {
	changes := map[string][]byte{}
	for _, w := range windows {
		for n := range w.chunks {
			changes[r.chunkKey(w, n)] = nil
		}
	}
	r.save(ctx, changes)
}

// save writes the position, with other changes.
func (r *Reader) save(ctx context.Context, changes map[string][]byte) {
	if !r.Store.Durable() {
		return
	}
	s := stored{V: storedVersion, Account: r.Target.AccountID, Next: r.next}
	for _, w := range r.windows {
		s.Windows = append(s.Windows, storedWindow{w.Start, w.End, w.chunks, w.read})
	}
	b, err := json.Marshal(s)
	if changes == nil {
		changes = map[string][]byte{}
	}
	changes[r.key()] = b
	if err == nil {
		err = r.Store.Apply(context.WithoutCancel(ctx), changes)
	}
	if err != nil {
		r.checkpointFailed(ctx, err)
		return
	}
	r.unkept = false
}

// checkpointFailed says so once, until it works again.
func (r *Reader) checkpointFailed(ctx context.Context, err error) {
	r.Recorder.CheckpointError(ctx)
	if !r.unkept {
		r.Logger.Error("The position of the traces can't be kept, or what is stored is not used", zap.Error(err))
	}
	r.unkept = true
}

// restore takes the stored position up, or begins anew: from there the next start goes on, though this one should get nothing done.
func (r *Reader) restore(ctx context.Context) {
	now, interval := r.Client.Now(), int64(r.Config.PollInterval/time.Second)
	first := r.began.Add(-r.Config.Delay - r.Config.InitialLookback).Unix()
	r.next = first - first%interval
	b, err := r.Store.Get(ctx, r.key())
	switch {
	case err == nil && b == nil:
		r.save(ctx, nil)
	case err == nil:
		err = r.load(ctx, b, now)
	}
	if err != nil {
		r.checkpointFailed(ctx, err)
	}
	r.progressed()
}

func (r *Reader) load(ctx context.Context, b []byte, now time.Time) error {
	s, err := decodeStored(b, now)
	if err != nil {
		return err
	}
	if s.Account != "" && s.Account != r.Target.AccountID {
		r.replace(ctx, s.Windows)
		return nil
	}
	oldest := now.Add(-r.Config.MaxBackfill).Unix()
	r.next = max(s.Next, oldest)
	unread := s.Next // what was read up to
	var old []*window
	var errs []error
	for i := range s.Windows {
		w := s.Windows[i].window()
		if w.End <= oldest {
			if old = append(old, w); w.read {
				errs = append(errs, r.abandon(ctx, w))
			} else {
				unread = min(unread, w.Start)
			}
			continue
		}
		errs = append(errs, r.loadChunks(ctx, w))
		r.windows = append(r.windows, w)
	}
	if unread < oldest {
		r.Recorder.LostSeconds(ctx, float64(oldest-unread))
		r.Logger.Warn("Traces are too old to be read, by max_backfill", zap.Time("from", time.Unix(unread, 0).UTC()), zap.Time("to", time.Unix(oldest, 0).UTC()))
	}
	if len(old) > 0 || unread < oldest {
		r.forget(ctx, old...)
	}
	return errors.Join(errs...)
}

func (s *storedWindow) window() *window {
	w := newWindow(model.Window{Start: s.Start, End: s.End})
	w.chunks, w.read = s.Chunks, s.Read
	return w
}

// replace begins anew, and drops what is stored of another account, whose credentials the target had before.
func (r *Reader) replace(ctx context.Context, others []storedWindow) {
	windows := make([]*window, len(others))
	for i := range others {
		windows[i] = others[i].window()
	}
	r.forget(ctx, windows...)
}

// abandon counts the traces of a window that were to be read again.
func (r *Reader) abandon(ctx context.Context, w *window) error {
	err := r.loadChunks(ctx, w)
	n := int64(0)
	for _, m := range w.traces {
		if m.again {
			n++
		}
	}
	r.Recorder.Incomplete(ctx, InProgress, n)
	return err
}

// loadChunks reads what is remembered of a window. What makes no sense is left out: those traces may come again, the same as they were.
func (r *Reader) loadChunks(ctx context.Context, w *window) error {
	keys := make([]string, w.chunks)
	for n := range keys {
		keys[n] = r.chunkKey(w, n)
	}
	values, err := r.Store.GetAll(ctx, keys)
	if err != nil {
		return err
	}
	var errs []error
	for _, v := range values {
		memos, err := decodeMemos(v)
		w.remember(memos)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func decodeStored(b []byte, now time.Time) (*stored, error) {
	var s stored
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("cannot decode the stored position of the traces: %w", err)
	}
	if s.V != storedVersion {
		return nil, fmt.Errorf("cannot decode the stored position of the traces: its version is %d, not %d", s.V, storedVersion)
	}
	// A clock that was ahead leaves a position that would not be reached for long.
	if ahead := now.Add(time.Hour).Unix(); s.Next <= 0 || s.Next > min(ahead, maxUnix) || len(s.Windows) > maxWindows {
		return nil, fmt.Errorf("cannot decode the stored position of the traces: it is at %d, with %d windows", s.Next, len(s.Windows))
	}
	slices.SortFunc(s.Windows, func(a, b storedWindow) int { return int(a.Start - b.Start) })
	end := int64(1)
	for _, w := range s.Windows {
		if w.Start < end || w.End <= w.Start || w.End > s.Next || w.End-w.Start > int64(maxPollInterval/time.Second) || w.Chunks < 0 || w.Chunks > maxChunks {
			return nil, fmt.Errorf("cannot decode the stored position of the traces: window %d to %d", w.Start, w.End)
		}
		end = w.End
	}
	return &s, nil
}

var errMemos = errors.New("cannot decode the stored traces of a window")

// encodeMemos writes, for each trace, its id, revision, whether it is to be read again, and the hashes of its segments.
func encodeMemos(memos []taken) []byte {
	var b []byte
	for i := range memos {
		m := &memos[i]
		b = append(b, m.id[:]...)
		b = binary.AppendUvarint(b, uint64(uint32(m.revision))) //nolint:gosec // the bits of it
		flag := uint64(len(m.segments)) << 1
		if m.again {
			flag |= 1
		}
		b = binary.AppendUvarint(b, flag)
		for _, h := range m.segments {
			b = binary.LittleEndian.AppendUint64(b, h)
		}
	}
	return b
}

// decodeMemos returns what makes sense before the first error.
func decodeMemos(b []byte) ([]taken, error) {
	if b == nil {
		return nil, errMemos // it was to be there
	}
	var memos []taken
	for len(b) > 0 {
		var m taken
		if len(b) < len(pcommon.TraceID{}) {
			return memos, errMemos
		}
		b = b[copy(m.id[:], b):]
		revision, n := binary.Uvarint(b)
		if n <= 0 || revision > 1<<32-1 {
			return memos, errMemos
		}
		b = b[n:]
		flag, n := binary.Uvarint(b)
		if n <= 0 || flag>>1 > uint64(len(b)-n)/8 { //nolint:gosec // n is at most the length
			return memos, errMemos
		}
		b = b[n:]
		m.revision, m.again = int32(uint32(revision)), flag&1 != 0 //nolint:gosec // the bits of it
		m.segments = make([]uint64, flag>>1)
		for i := range m.segments {
			m.segments[i] = binary.LittleEndian.Uint64(b)
			b = b[8:]
		}
		memos = append(memos, m)
	}
	return memos, nil
}
