package model

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Keys tell entities apart, by type and by every name and value of the id, in whatever order it was made.
func TestKeysTellEntitiesApart(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for i, e := range []Entity{
		{Type: "a"},
		{Type: "b"},
		{Type: "a", ID: ID{"x": "1"}},
		{Type: "a", ID: ID{"x": "2"}},
		{Type: "a", ID: ID{"y": "1"}},
		{Type: "a", ID: ID{"x": "1", "y": "1"}},
		{Type: "a", ID: ID{"x": "1y=1"}},
		{Type: "a", ID: ID{"x": ""}},
		{Type: "ax", ID: ID{"": "1"}},
	} {
		key := Key(e.Type, e.ID)
		assert.NotContains(t, seen, key, "%v", e)
		seen[key] = i
		assert.Equal(t, key, Key(e.Type, e.ID))
	}
	assert.Equal(t, Key("a", ID{"x": "1", "y": "2"}), Key("a", ID{"y": "2", "x": "1"}))
	assert.Equal(t, Key("a", nil), Key("a", ID{}))
}

// A limit of zero is one; none is none.
func TestThrottles(t *testing.T) {
	t.Parallel()
	of := func(rate, burst float64) Throttle { return Throttle{Rate: &rate, Burst: &burst} }
	one := 1.0
	assert.True(t, Throttle{}.IsZero())
	assert.False(t, of(0, 0).IsZero())
	assert.False(t, Throttle{Burst: &one}.IsZero())
	assert.True(t, of(1, 2).Equal(of(1, 2)))
	none := Throttle{}
	assert.True(t, none.Equal(Throttle{}))
	assert.False(t, of(1, 2).Equal(of(2, 1)))
	assert.False(t, of(0, 0).Equal(Throttle{}))
	assert.False(t, Throttle{Rate: &one}.Equal(Throttle{Burst: &one}))
}
