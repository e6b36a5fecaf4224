package segment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkTranslate is what each request costs that a stage, a Lambda function and a table have segments of.
func BenchmarkTranslate(b *testing.B) {
	const requests = 25 // a batch of a hundred segments
	t := New(settings())
	bytes := 0
	for _, document := range requestDocuments {
		bytes += len(document)
	}
	b.SetBytes(int64(bytes * requests))
	b.ReportAllocs()
	for b.Loop() {
		batch := t.NewBatch()
		for range requests {
			for _, document := range requestDocuments {
				d, err := Decode(document)
				if err != nil {
					b.Fatal(err)
				}
				batch.Add(d)
			}
		}
		if batch.Traces().SpanCount() != requests*9 {
			b.Fatal("spans are missing")
		}
	}
	perSecond(b, requests*len(requestDocuments))
}

func BenchmarkDecode(b *testing.B) {
	b.SetBytes(int64(len(functionDocument)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(functionDocument); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b, 1)
}

func BenchmarkAdd(b *testing.B) {
	t := New(settings())
	d, err := Decode(functionDocument)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		batch := t.NewBatch()
		for range 100 {
			batch.Add(d)
		}
	}
	perSecond(b, 100)
}

func perSecond(b *testing.B, segments int) {
	b.ReportMetric(float64(b.N*segments)/b.Elapsed().Seconds(), "segments/s")
}
