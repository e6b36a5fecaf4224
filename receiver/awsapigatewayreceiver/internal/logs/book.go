package logs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/accesslog"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces/accessspan"
)

// keepFormats is how long the format that a stage had before is tried on lines that do not have the new one.
const keepFormats = 7 * 24 * time.Hour

// maxCompiled bounds the compiled formats: an account has some 13,000 stages at most.
const maxCompiled = 20_000

// maxFormats is how many earlier formats of a stage are kept.
const maxFormats = 8

// book knows the access-log formats of the stages of a target, those of today and the earlier ones, each compiled once.
type book struct {
	writer   *accesslog.Writer
	spans    bool // are made of lines
	logger   *zap.Logger
	stages   map[string]*stageFormats // by API id and stage
	compiled map[string]*format
}

// stageFormats are the formats of a stage, as they are stored.
type stageFormats struct {
	Current string          `json:"current"`
	Earlier []earlierFormat `json:"earlier,omitempty"` // newest first
}

type earlierFormat struct {
	Format string `json:"format"`
	Until  int64  `json:"until"` // Unix milliseconds
}

// format is a compiled format with what is done with its variables.
type format struct {
	text  string
	bound *accesslog.Bound // nil: nothing can be decoded with it
	*accesslog.Format
	spans *accessspan.Format // nil: no spans are made
}

func newBook(w *accesslog.Writer, spans bool, logger *zap.Logger) *book {
	return &book{writer: w, spans: spans, logger: logger, stages: map[string]*stageFormats{}, compiled: map[string]*format{}}
}

// bind works out what is done with the variables of a compiled format.
func (b *book) bind(f *accesslog.Format) *format {
	out := &format{Format: f, bound: b.writer.Bind(f)}
	if b.spans {
		out.spans = accessspan.Bind(f, out.bound)
	}
	return out
}

func stageKey(api, stage string) string { return api + "/" + stage }

// compile compiles a format, and says once what is wrong with it.
func (b *book) compile(text, api, stage string) *format {
	if f, ok := b.compiled[text]; ok {
		return f
	}
	f := &format{text: text}
	compiled, err := accesslog.Compile(text)
	if err != nil {
		b.logger.Warn("Nothing can be decoded with the access-log format of a stage; the documented formats are tried on its lines",
			zap.String("api", api), zap.String("stage", stage), zap.Error(err))
	} else {
		f = b.bind(compiled)
		f.text = text
		for _, a := range compiled.Ambiguities() {
			b.logger.Warn("The access-log format of a stage is ambiguous: where both values could take the text between them, the first is the shortest that fits",
				zap.String("api", api), zap.String("stage", stage), zap.String("first", a.First), zap.String("second", a.Second), zap.String("separator", a.Separator))
		}
	}
	if len(b.compiled) > maxCompiled {
		clear(b.compiled) // those that are in use are compiled again
	}
	b.compiled[text] = f
	return f
}

// set notes the format that a stage has now. It says whether that is another one than before.
func (b *book) set(key, text string, now time.Time) (changed bool) {
	s, ok := b.stages[key]
	if !ok {
		b.stages[key] = &stageFormats{Current: text}
		return true
	}
	oldest := now.Add(-keepFormats).UnixMilli()
	n := len(s.Earlier)
	s.Earlier = slices.DeleteFunc(s.Earlier, func(e earlierFormat) bool { return e.Until < oldest || e.Format == text })
	changed = len(s.Earlier) != n
	if s.Current == text {
		return changed
	}
	if s.Current != "" {
		s.Earlier = slices.Insert(s.Earlier, 0, earlierFormat{s.Current, now.UnixMilli()})
		s.Earlier = s.Earlier[:min(len(s.Earlier), maxFormats)]
	}
	s.Current = text
	return true
}

// of returns the formats of a stage to try on a line, the one of today first.
func (b *book) of(key, api, stage string) []*format {
	s := b.stages[key]
	if s == nil {
		return nil
	}
	var out []*format
	for i, text := range append([]string{s.Current}, earlierTexts(s)...) {
		if text == "" {
			continue
		}
		f := b.compile(text, api, stage)
		if f.bound != nil || i == 0 {
			out = append(out, f)
		}
	}
	return out
}

func earlierTexts(s *stageFormats) []string {
	out := make([]string, len(s.Earlier))
	for i, e := range s.Earlier {
		out[i] = e.Format
	}
	return out
}

var errFormats = errors.New("cannot decode the stored access-log formats")

func (b *book) restore(key string, raw []byte) error {
	var s stageFormats
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("%w of %s: %w", errFormats, key, err)
	}
	if len(s.Earlier) > maxFormats {
		return fmt.Errorf("%w of %s: there are %d", errFormats, key, len(s.Earlier))
	}
	b.stages[key] = &s
	return nil
}

// encode is what is stored of a stage.
func (b *book) encode(key string) ([]byte, error) { return json.Marshal(b.stages[key]) }

// learn takes up what is stored of a stage when it is first met, and stores what changed.
func (r *Reader) learn(ctx context.Context, api, stage, text string) {
	key := stageKey(api, stage)
	r.index.Formats[key] = r.now().UnixMilli()
	stored := r.formatKey(key)
	if _, known := r.book.stages[key]; !known {
		raw, err := r.Store.Get(ctx, stored)
		if err == nil && raw != nil {
			err = r.book.restore(key, raw)
		}
		if err != nil {
			r.checkpointFailed(ctx, err)
		}
	}
	if !r.book.set(key, text, r.now()) {
		return
	}
	raw, err := r.book.encode(key)
	if err == nil {
		err = r.Store.Apply(context.WithoutCancel(ctx), map[string][]byte{stored: raw})
	}
	if err != nil {
		r.checkpointFailed(ctx, err)
	}
}
