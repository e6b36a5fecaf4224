package awssim

// Bulk is a backlog of events.
type Bulk struct{ Events int }
