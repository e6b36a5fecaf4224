package main

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRecentKeepsTheNewest(t *testing.T) {
	r := newRecent[int](3)
	keys := func() (out []string) {
		for key := range r.newest() {
			out = append(out, key)
		}
		return out
	}
	assert.Empty(t, keys())
	for i := range 5 {
		r.put(strconv.Itoa(i), i)
	}
	assert.Equal(t, []string{"4", "3", "2"}, keys())
	r.put("2", 20) // is known, and makes no room
	assert.Equal(t, []string{"4", "3", "2"}, keys())
	assert.Equal(t, []int{0, 20, 4}, []int{r.get("1"), r.get("2"), r.get("4")})
	r.put("5", 5)
	assert.Equal(t, []string{"5", "4", "3"}, keys())
}
