package model

import "time"

// LogGroup is a log group of CloudWatch Logs, as DescribeLogGroups says.
type LogGroup struct {
	Name    string
	Class   string // STANDARD, INFREQUENT_ACCESS, DELIVERY
	Created time.Time
	// RetentionDays is after how many days events expire, 0: never.
	RetentionDays int
	// KMSKey is the ARN of the key that the group is encrypted with, "" for CloudWatch's own.
	KMSKey string
}

// LogEvent is one event of a log group. Its texts share the memory of their page, which therefore lives as long as any of them.
type LogEvent struct {
	// Timestamp is the event's, Ingested is when CloudWatch Logs got it; Unix milliseconds.
	Timestamp, Ingested int64
	ID                  string // 56 digits, unique in its group
	Stream              string
	Message             string
}

// LogPage is one page of FilterLogEvents: at most 1 MB or 10,000 events, ascending by time. It may be empty and have a token all the same.
type LogPage struct {
	Events []LogEvent
	Token  string // of the next page, "" at the end
	Bytes  int    // of the answer, decompressed
	// Unusable is how many events had no id, timestamp or message; they are left out.
	Unusable int
}
