package awssim

import (
	"fmt"
	"slices"
	"sort"
	"time"
)

// Bulk is a backlog of many events for tests of load. They are lines in the format of the stage that logs to the group, made on the fly from a few
// hundred requests with ids and times of their own; the stage's traffic writes nothing there, and metrics do not count them.
type Bulk struct {
	Events int
	// From and To are the times that the events spread over evenly. Those after now are not there yet: a backlog that grows.
	From, To time.Time
	// Size is about how long a line is, in bytes; shorter ones are filled up. 0: as long as they get.
	Size int
}

const (
	// bulkVariants is how many requests the lines of a backlog are made from.
	bulkVariants = 256
	// bulkDelay is the time from an event to its ingestion, in milliseconds.
	bulkDelay = 1000
)

// backlog is what the events of a Bulk are made from.
type backlog struct {
	Bulk
	key      uint64
	from, to int64 // Unix milliseconds
	variants []bulkVariant
}

// bulkVariant is an event as JSON, with the places in it that differ from event to event.
type bulkVariant struct {
	event   []byte
	patches []bulkPatch
}

type bulkPatch struct {
	at   int
	what byte
}

// What differs from event to event.
const (
	patchTimestamp = iota // of the event, and $context.requestTimeEpoch
	patchIngestion
	patchEventID
	patchUUID
	patchShortID
	patchTime
)

// bulk returns the group's backlog.
func (g *logGroup) bulk(c caller, group *LogGroup) *backlog {
	g.bulking.Do(func() {
		b := &backlog{Bulk: *group.Bulk, key: hashStrings(0, c.account.ID, c.region, g.name), from: group.Bulk.From.UnixMilli(), to: group.Bulk.To.UnixMilli()}
		info := newStageInfo(1, c.account.ID, c.account.region(c.region), &API{ID: "bulk000000"}, &Stage{Name: "prod", AccessLog: AccessLog{Format: demoJSON}})
		for _, source := range g.sources {
			if access, ok := source.(*accessSource); ok {
				info = access.info
				break
			}
		}
		rng := stream(b.key)
		for n := range bulkVariants {
			r := info.request(&rng, &Traffic{Error4xx: 0.05, Error5xx: 0.01}, group.Bulk.From)
			context := info.context(floorDiv(b.from, 60_000), n, &r)
			b.variants = append(b.variants, b.variant(&context))
		}
		g.backlog = b
	})
	return g.backlog
}

// patchOf says how a variable differs from event to event, and how long it is then.
func patchOf(c *logContext, name string) (what byte, length int, ok bool) {
	switch name {
	case "requestId":
		if c.info.kind == TypeREST {
			return patchUUID, 36, true
		}
		return patchShortID, 16, true
	case "extendedRequestId":
		return patchShortID, 16, true
	case "requestTime":
		return patchTime, 26, true
	case "requestTimeEpoch":
		return patchTimestamp, 13, true
	}
	return 0, 0, false
}

// filling are the variables that lines are filled up with, the first of them that a format has.
var filling = []string{"identity.userAgent", "path", "resourcePath", "routeKey", "identity.caller", "identity.user"}

func (b *backlog) variant(c *logContext) bulkVariant {
	var v bulkVariant
	event := append([]byte(`{"logStreamName":"`), streamName(b.key, c.draw(drawStream))...)
	hole := func(what byte, length int) {
		v.patches = append(v.patches, bulkPatch{len(event), what})
		event = append(event, make([]byte, length)...)
	}
	event = append(event, `","timestamp":`...)
	hole(patchTimestamp, 13)
	event = append(event, `,"message":"`...)
	fill := b.Size - len(appendLine(nil, c.version.format, c))
	filled := ""
	for _, name := range filling {
		if slices.ContainsFunc(c.version.format, func(p formatPart) bool { return p.name == name }) {
			filled = name
			break
		}
	}
	for i := range c.version.format {
		p := c.version.format[i]
		event = appendEscaped(event, []byte(p.literal))
		if p.literal = ""; p.name == "" {
			continue
		}
		if what, length, ok := patchOf(c, p.name); ok {
			hole(what, length)
			continue
		}
		event = appendEscaped(event, appendLine(nil, []formatPart{p}, c))
		if p.name == filled {
			for ; fill > 0; fill-- {
				event = append(event, 'a'+byte(fill%26))
			}
		}
	}
	event = append(event, `","ingestionTime":`...)
	hole(patchIngestion, 13)
	event = append(event, `,"eventId":"`...)
	hole(patchEventID, 56)
	event = append(event, `"}`...)
	v.event = event
	return v
}

// at is the timestamp of an event.
func (b *backlog) at(i int64) int64 {
	return b.from + int64(float64(b.to-b.from)*(float64(i)/float64(b.Events)))
}

// first is the first event at or after a time.
func (b *backlog) first(ms int64) int64 {
	return int64(sort.Search(b.Events, func(i int) bool { return b.at(int64(i)) >= ms }))
}

// fill writes the next events to the page. It returns the index of the one after them, and whether there is one.
func (b *backlog) fill(page *logPage, in *logsInput, token *logToken, limit int, now time.Time) (int64, bool) {
	next, end := b.first(max(deref(in.StartTime), 0)), b.first(min(in.end(now), now.UnixMilli()-bulkDelay)+1)
	if token != nil {
		next = token.Index
	}
	body, second, clf := page.body, int64(-1), make([]byte, 0, 26)
	for ; next < end && page.events < limit; next++ {
		v := &b.variants[mix(uint64(next))%bulkVariants]
		if len(body)+len(v.event)+1 > maxLogPage-logPageTail && page.events > 0 {
			break
		}
		if page.events > 0 {
			body = append(body, ',')
		}
		start := len(body)
		body = append(body, v.event...)
		ms := b.at(next)
		if ms/1000 != second {
			second = ms / 1000
			clf = time.UnixMilli(ms).UTC().AppendFormat(clf[:0], "02/Jan/2006:15:04:05 -0700")
		}
		b.patch(body[start:], v.patches, next, ms, clf)
		page.events++
	}
	page.body = body
	return next, next < end
}

// patch writes what is the event's own.
func (b *backlog) patch(event []byte, patches []bulkPatch, index, ms int64, clf []byte) {
	for _, p := range patches {
		at := event[p.at:p.at]
		switch p.what {
		case patchTimestamp:
			appendDigits(at, uint64(ms), 13)
		case patchIngestion:
			appendDigits(at, uint64(ms+bulkDelay), 13)
		case patchEventID:
			eventID{uint64(ms) << 16, b.key << 32, uint64(index) << 24}.append(at)
		case patchUUID:
			n := mix(b.key + uint64(index))
			appendUUID(at, n, mix(n))
		case patchShortID:
			n := mix(b.key + uint64(index))
			appendShortID(at, n, mix(n))
		case patchTime:
			copy(event[p.at:], clf)
		}
	}
}

// BulkWorld has that many log groups with a backlog of events each, over the hour before now, and as many quiet ones with six requests a minute as are
// asked for. Each is the access log of a REST API's stage "prod" in us-east-1, in a stock format of AWS's: "" means JSON.
func BulkWorld(now time.Time, groups, events, size, quiet int, format string) *World {
	if format == "" {
		format = demoJSON
	}
	region := &Region{Name: "us-east-1"}
	add := func(kind string, n int, traffic Traffic) string {
		id, name := fmt.Sprintf("%s%06d", kind, n), fmt.Sprintf("/aws/apigateway/%s-%06d", kind, n)
		region.APIs = append(region.APIs, &API{ID: id, Name: fmt.Sprintf("%s-%06d", kind, n), Stages: []*Stage{{
			Name: "prod", Traffic: traffic, AccessLog: AccessLog{demoARN("logs", "log-group:"+name), format},
		}}})
		return name
	}
	for n := range groups {
		region.LogGroups = append(region.LogGroups, &LogGroup{
			Name: add("bulk", n, Traffic{}), Bulk: &Bulk{Events: events, From: now.Add(-time.Hour), To: now.Add(-time.Second), Size: size},
		})
	}
	for n := range quiet {
		add("idle", n, Traffic{PerMinute: 6, Error4xx: 0.02})
	}
	return &World{Seed: 1, Accounts: []*Account{{ID: DemoAccount, Regions: []*Region{region}}}}
}
