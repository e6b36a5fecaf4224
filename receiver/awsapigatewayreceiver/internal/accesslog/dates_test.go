package accesslog

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Dates are read as the standard library reads them.
func TestDatesAreThoseOfTheCalendar(t *testing.T) {
	r := randomly(t)
	const layout = "02/Jan/2006:15:04:05 -0700"
	for range 20_000 {
		zone := time.FixedZone("", (r.IntN(48)-24)*1800)
		want := time.Unix(r.Int64N(253402300800), 0).In(zone)
		text := want.Format(layout)
		if want.Year() > 9999 {
			continue
		}
		got, ok := parseDate(text)
		require.True(t, ok, text)
		require.Equal(t, want.Unix(), got, text)
	}
}

func TestWhatIsNoDateIsNotRead(t *testing.T) {
	for _, text := range []string{
		"", "18/Jul/2022:12:33:39", "18/Jul/2022:12:33:39 0000 ", "18-Jul-2022:12:33:39 +0000", "00/Jul/2022:12:33:39 +0000", "32/Jul/2022:12:33:39 +0000",
		"18/jul/2022:12:33:39 +0000", "18/Jul/2022:24:33:39 +0000", "18/Jul/2022:12:60:39 +0000", "18/Jul/2022:12:33:61 +0000", "18/Jul/2022:12:33:39 +00000",
	} {
		_, ok := parseDate(text)
		assert.False(t, ok, text)
	}
}

func TestTheClockRemembersOnlyWhatItRead(t *testing.T) {
	var c clock
	for _, text := range []string{"18/Jul/2022:12:33:39 +0000", "18/Jul/2022:12:33:39 +0000", "18/Foo/2022:12:33:39 +0000", "18/Jul/2022:12:33:40 +0000", "18/Jul/2022:12:33:39 +0000"} {
		want, wantOK := parseDate(text)
		got, ok := c.read(text)
		assert.Equal(t, wantOK, ok, text)
		assert.Equal(t, want, got, text)
	}
}
