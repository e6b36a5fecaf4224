package aws

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// compressed is an answer in gzip.
func compressed(t *testing.T, body []byte) *answering {
	return &answering{body: zipped(t, bytes.NewReader(body)), headers: map[string]string{"Content-Encoding": "gzip"}}
}

// However an answer comes over the wire, it is the same page.
func TestLogAnswersOverTheWire(t *testing.T) {
	body := logPageOf(1700)
	var want model.LogPage
	_, err := decodeLogPage(padded(body), &want)
	require.NoError(t, err)
	for name, h := range map[string]http.Handler{
		"of known length": &answering{body: body},
		"compressed":      compressed(t, body),
		"accepted":        &answering{status: http.StatusAccepted, body: body},
		"in chunks": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for part := range bytes.SplitAfterSeq(body, []byte(`"},{"`)) {
				_, _ = w.Write(part)
			}
		}),
	} {
		f := openHandler(t, h, nil)
		page := model.LogPage{Token: "of before", Events: []model.LogEvent{{ID: "of before"}}}
		require.NoError(t, f.client().FilterLogEvents(context.Background(), "g", 0, 1, "", &page), name)
		assert.Equal(t, want, page, name)
	}
}

// A page that makes no sense is an error that says where, without a word of what it has, and leaves no events behind.
func TestLogAnswersThatMakeNoSense(t *testing.T) {
	spoilt := strings.Replace(realLogPage, "-5", "-5.5", 1)
	cut := compressed(t, logPageOf(50))
	cut.body = cut.body[:len(cut.body)/2]
	for name, tt := range map[string]struct {
		answer  *answering
		message string
	}{
		"no whole number":        {&answering{body: []byte(spoilt)}, fmt.Sprint("malformed answer: no whole number of 64 bits at byte ", strings.Index(spoilt, "-5.5"))},
		"cut off":                {&answering{body: []byte(realLogPage[:100])}, "at byte 100"},
		"null":                   {&answering{body: []byte(`null`)}, "no { at byte 0"},
		"empty":                  {&answering{body: nil}, "it is empty"},
		"compressed and empty":   {compressed(t, nil), "it is empty"},
		"compressed and cut off": {cut, "cannot read the answer: unexpected EOF"},
	} {
		f := openHandler(t, tt.answer, nil)
		page := model.LogPage{Token: "of before", Events: []model.LogEvent{{ID: "of before"}}}
		err := f.client().FilterLogEvents(context.Background(), "g", 0, 1, "", &page)
		require.ErrorContains(t, err, tt.message, name)
		assert.NotContains(t, err.Error(), "caf", name)
		assert.Equal(t, Malformed, ClassOf(err), name)
		assert.Equal(t, model.LogPage{Events: []model.LogEvent{}}, page, name)
		assert.EqualValues(t, 1, f.malformed(), name)
	}
}

// What is left of a connection that breaks is no page.
func TestLogAnswersThatBreakOff(t *testing.T) {
	f, from, to := logFixture(t, awssim.Faults{Truncate: 1, Only: []string{"FilterLogEvents"}})
	page := model.LogPage{}
	err := f.client().FilterLogEvents(context.Background(), "many", from, to, "", &page)
	require.Error(t, err)
	assert.True(t, ClassOf(err).retryable())
	assert.Empty(t, page.Events)
}

func TestLogAnswersAreReadWhole(t *testing.T) {
	for _, length := range []int{1, 100, usualLogAnswer - 1, usualLogAnswer, usualLogAnswer + logPadding, 3 * usualLogAnswer} {
		body := bytes.Repeat([]byte("x"), length)
		for name, said := range map[string]int64{"exact": int64(length), "unknown": -1, "too low": int64(length / 2), "too high": int64(2 * length)} {
			for _, r := range []io.Reader{bytes.NewReader(body), iotest.DataErrReader(bytes.NewReader(body))} {
				got, err := readLogAnswer(r, said)
				require.NoError(t, err)
				require.Equal(t, padded(body), got, "%d: %s", length, name)
			}
		}
	}
	_, err := readLogAnswer(iotest.ErrReader(errAnswerTooLarge), 1<<40)
	assert.ErrorIs(t, err, errAnswerTooLarge, "and no memory is taken for what an answer only says it has")
}

// A page takes one piece of memory, whatever it has; its texts lie in it.
func TestLogPagesTakeOnePieceOfMemory(t *testing.T) {
	body := logPageOf(1700)
	page := model.LogPage{Events: make([]model.LogEvent, 0, 1700)}
	allocs := testing.AllocsPerRun(10, func() {
		read, err := readLogAnswer(bytes.NewReader(body), int64(len(body)))
		require.NoError(t, err)
		page.Events = page.Events[:0]
		_, err = decodeLogPage(read, &page)
		require.NoError(t, err)
	})
	assert.LessOrEqual(t, allocs, 4.0)
	require.Len(t, page.Events, 1700)
}
