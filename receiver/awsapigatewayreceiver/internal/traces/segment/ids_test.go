package segment

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBothFormsOfATraceIDAreTheSame(t *testing.T) {
	for _, text := range []string{"1-58406520-a006649127e371903a2de979", "58406520a006649127e371903a2de979", "1-58406520-A006649127E371903A2DE979"} {
		id, ok := TraceID(text)
		require.True(t, ok, text)
		assert.Equal(t, "58406520a006649127e371903a2de979", id.String())
	}
}

func TestWhatIsNoTraceID(t *testing.T) {
	for _, text := range []string{
		"", "1-58406520", "2-58406520-a006649127e371903a2de979", "1-58406520-a006649127e371903a2de97", "1-58406520-a006649127e371903a2de97g",
		"1-58406520xa006649127e371903a2de979", "Root=1-58406520-a006649127e371903a2de979", "1-00000000-000000000000000000000000",
		"00000000000000000000000000000000", "58406520a006649127e371903a2de97",
	} {
		_, ok := TraceID(text)
		assert.False(t, ok, text)
	}
}

func TestSubsegmentsWithoutIDAlwaysHaveTheSame(t *testing.T) {
	document := inSegment(`,"subsegments":[{"name":"a","start_time":1533910398.1},{"name":"a","start_time":1533910398.1,"subsegments":[{"name":"b"}]},{"id":"no id","name":"c"}]`)
	first, again := spansByID(translate(t, settings(), document)), spansByID(translate(t, settings(), document))
	assert.Len(t, first, 5, "each has an id of its own")
	for id, span := range first {
		require.Contains(t, again, id)
		if span.Name() == "b" {
			assert.Equal(t, "a", first[span.ParentSpanID().String()].Name())
		}
	}
}
