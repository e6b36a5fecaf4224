package main

import "iter"

// recent keeps the newest values by key, so many at most: the oldest makes room.
type recent[V any] struct {
	limit  int
	order  []string // keys, a ring once it is full
	oldest int
	values map[string]V
}

func newRecent[V any](limit int) *recent[V] { return &recent[V]{limit: limit, values: map[string]V{}} }

// get is the value of the key, nothing where there is none.
func (r *recent[V]) get(key string) V { return r.values[key] }

// put keeps a value. One that has the key already keeps its age.
func (r *recent[V]) put(key string, value V) {
	if _, known := r.values[key]; !known {
		if len(r.order) < r.limit {
			r.order = append(r.order, key)
		} else {
			delete(r.values, r.order[r.oldest])
			r.order[r.oldest] = key
			r.oldest = (r.oldest + 1) % r.limit
		}
	}
	r.values[key] = value
}

// newest are all keys and values, the newest first.
func (r *recent[V]) newest() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for i := range r.order {
			key := r.order[(r.oldest+len(r.order)-1-i)%len(r.order)]
			if !yield(key, r.values[key]) {
				return
			}
		}
	}
}
