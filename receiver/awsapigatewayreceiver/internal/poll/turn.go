package poll

import "sync"

// Turn is a mutex for who may wait while holding it: for a consumer, for AWS, for a clock. Those who wait for their turn do so on a channel, so that a
// clock that runs only while all wait (testing/synctest) is not held up by them. The zero Turn is free.
type Turn struct {
	once sync.Once
	free chan struct{} // holds one while nobody has the turn
}

// Lock waits for the turn.
func (t *Turn) Lock() {
	t.once.Do(func() {
		t.free = make(chan struct{}, 1)
		t.free <- struct{}{}
	})
	<-t.free
}

// Unlock ends the turn. It must follow a Lock.
func (t *Turn) Unlock() { t.free <- struct{}{} }
