package accesslog

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/plog"
)

// A format and what is done with it serve several readers at once, each with values of its own.
func TestAFormatServesSeveralReaders(t *testing.T) {
	f := compiled(t, stockJSON.format)
	bound := NewWriter(usual(), true).Bind(f)
	want := written(t, usual(), stockJSON.format, stockJSON.line, Identity{}).Attributes().AsRaw()
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			v := &Values{}
			for range 200 {
				record := plog.NewLogRecord()
				assert.True(t, f.Decode(stockJSON.line, v))
				bound.Write(record, stockJSON.line, v, Identity{})
				assert.Equal(t, want, record.Attributes().AsRaw())
			}
		})
	}
	readers.Wait()
}

// One Values serves all formats, whatever the lines before had.
func TestValuesServeAllFormats(t *testing.T) {
	v := &Values{}
	for range 2 {
		for _, test := range templates {
			f := compiled(t, test.format)
			if assert.True(t, f.Decode(test.line, v), test.name) {
				assert.Equal(t, test.want, values(f, test.line, v), test.name)
			}
		}
	}
}

func TestDecodingAllocatesNothing(t *testing.T) {
	for _, s := range []stock{stockJSON, stockCLF, stockCSV, stockXML} {
		f, v := compiled(t, s.format), &Values{}
		assert.True(t, f.Decode(s.line, v))
		assert.Zero(t, testing.AllocsPerRun(100, func() { f.Decode(s.line, v) }), s.name)
	}
}
