package awssim

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// The classes of log groups.
const (
	ClassStandard         = "STANDARD"
	ClassInfrequentAccess = "INFREQUENT_ACCESS"
	ClassDelivery         = "DELIVERY"
)

// logHistory is how far back events go in a group that always existed and keeps them for ever.
const logHistory = 14 * 24 * time.Hour

// LogGroup is a log group of CloudWatch Logs. The groups that stages log to exist without a literal: with class STANDARD, without retention, as old
// as the first stage that names them. A group that is deleted and made again is two literals of one name; each has the events of its own lifetime.
type LogGroup struct {
	Name             string
	Created, Deleted time.Time
	Class            string // "" means STANDARD
	RetentionDays    int    // 0: events never expire
	// Kept is how long events are really kept, for tests that can't wait for days; zero: RetentionDays.
	Kept time.Duration
	// KMSKeyID is the ARN of the key that the group is encrypted with. While KMSBroken, nothing can be read from it.
	KMSKeyID  string
	KMSBroken []Span
	// ForeignPerMinute is how many lines a minute another service writes into the group.
	ForeignPerMinute float64
	Lines            []LogLine // what else is in the group, in the order of time
	Bulk             *Bulk     // a large backlog, instead of everything else
	Changes          []Change[LogGroup]
}

// LogLine is a line that is in a log group because a literal says so.
type LogLine struct {
	At      time.Time     // the event's timestamp
	Late    time.Duration // how much later it was ingested, beside what all lines take; negative: its timestamp was in the future
	Stream  string        // "" makes one up
	Message string
}

// logGroup is what a region has under the name of a log group.
type logGroup struct {
	name    string
	literal []*LogGroup // its lives, ascending; one that nobody wrote where there is no literal
	sources []logSource

	bulking sync.Once
	backlog *backlog // of a Bulk, made when first asked for
}

// regionLogs are the log groups that a region can ever have, by name.
type regionLogs struct {
	groups map[string]*logGroup
	names  []string // ascending
}

// logs returns the log groups that the caller's account can have in the caller's region.
func (s *Server) logs(c caller) *regionLogs {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := regionKey{c.account.ID, c.region}
	found, ok := s.logRegions[key]
	if !ok {
		found = buildLogs(s.world, c.account, c.account.region(c.region))
		s.logRegions[key] = found
	}
	return found
}

func buildLogs(w *World, account *Account, region *Region) *regionLogs {
	out := &regionLogs{groups: map[string]*logGroup{}}
	since := map[string]time.Time{}
	add := func(name string, from time.Time, source logSource) {
		g := out.group(name)
		if first, ok := since[name]; !ok || from.Before(first) {
			since[name] = from
		}
		g.sources = append(g.sources, source)
	}
	for _, api := range region.APIs {
		for _, stage := range api.Stages {
			info := w.info(api, stage)
			info.addAccessLogs(add)
			info.addExecutionLogs(add)
		}
	}
	for _, literal := range region.LogGroups {
		g := out.group(literal.Name)
		g.literal = append(g.literal, literal)
		seed := hashStrings(w.Seed, account.ID, region.Name, literal.Name)
		if literal.ForeignPerMinute > 0 {
			g.sources = append(g.sources, &foreignSource{seed, literal})
		}
		if len(literal.Lines) > 0 {
			g.sources = append(g.sources, &literalSource{seed, literal.Lines})
		}
	}
	for name, g := range out.groups {
		if len(g.literal) == 0 {
			g.literal = []*LogGroup{{Name: name, Created: since[name]}}
		}
		slices.SortStableFunc(g.literal, func(a, b *LogGroup) int { return a.Created.Compare(b.Created) })
		out.names = append(out.names, name)
	}
	slices.Sort(out.names)
	return out
}

func (l *regionLogs) group(name string) *logGroup {
	g := l.groups[name]
	if g == nil {
		g = &logGroup{name: name}
		l.groups[name] = g
	}
	return g
}

// at returns the group as it is at a time, nil where there is none.
func (g *logGroup) at(now time.Time) *LogGroup {
	for _, literal := range g.literal {
		if lives(literal.Created, literal.Deleted, now) {
			found, _ := asOf(literal, literal.Changes, now)
			return found
		}
	}
	return nil
}

func (g *LogGroup) class() string {
	if g.Class == "" {
		return ClassStandard
	}
	return g.Class
}

// oldest is the time of the oldest event that the group still has.
func (g *LogGroup) oldest(now time.Time) time.Time {
	kept := g.Kept
	if kept == 0 {
		kept = time.Duration(g.RetentionDays) * 24 * time.Hour
	}
	oldest := g.Created
	if oldest.IsZero() && kept == 0 {
		kept = logHistory
	}
	if kept > 0 {
		oldest = later(oldest, now.Add(-kept))
	}
	return oldest
}

// broken reports whether the group's key can't be used.
func (g *LogGroup) broken(now time.Time) bool {
	return slices.ContainsFunc(g.KMSBroken, func(s Span) bool { return !now.Before(s.From) && now.Before(s.To) })
}

// logGroupARN is that of a log group, without the asterisk that AWS sometimes adds.
func logGroupARN(c caller, name string) string {
	return "arn:" + c.account.partition() + ":logs:" + c.region + ":" + c.account.ID + ":log-group:" + name
}

// logGroupName takes a name or ARN for what a log group is named; false where the ARN is of another account or region, or of something else.
func logGroupName(c caller, identifier string) (string, bool) {
	if !strings.HasPrefix(identifier, "arn:") {
		return identifier, identifier != ""
	}
	name, ok := strings.CutPrefix(identifier, logGroupARN(c, ""))
	return strings.TrimSuffix(name, ":*"), ok && name != ""
}
