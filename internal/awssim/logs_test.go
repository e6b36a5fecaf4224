package awssim

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

func (h *harness) logGroups() *cloudwatchlogs.Client { return cloudwatchlogs.NewFromConfig(h.config) }

// logging gives the stages of a world with one region access logs in one group.
func logging(w *World, group, format string) *World {
	a := w.Accounts[0]
	r := a.Regions[0]
	for _, api := range r.APIs {
		for _, s := range api.Stages {
			s.AccessLog = AccessLog{"arn:aws:logs:" + r.Name + ":" + a.ID + ":log-group:" + group, format}
		}
	}
	return w
}

// events returns all pages of FilterLogEvents.
func (h *harness) events(t testing.TB, in cloudwatchlogs.FilterLogEventsInput) (all []types.FilteredLogEvent, pages int) {
	t.Helper()
	paginator := cloudwatchlogs.NewFilterLogEventsPaginator(h.logGroups(), &in)
	for paginator.HasMorePages() {
		page, err := paginator.NextPage(background)
		if err != nil {
			t.Fatalf("cannot filter events: %v", err)
		}
		all, pages = append(all, page.Events...), pages+1
	}
	return all, pages
}

// between is a request for the events of [from, to].
func between(group string, from, to time.Time) cloudwatchlogs.FilterLogEventsInput {
	return cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group, StartTime: aws.Int64(from.UnixMilli()), EndTime: aws.Int64(to.UnixMilli() - 1)}
}

// TestAccessLinesAreTheRequestsOfTheMetrics: for each type of API and each minute there are as many lines as Count has samples.
func TestAccessLinesAreTheRequestsOfTheMetrics(t *testing.T) {
	for kind, metrics := range map[string][]string{TypeREST: {"Count"}, TypeHTTP: {"Count"}, TypeWebSocket: {"ConnectCount", "MessageCount"}} {
		world := logging(shop(), "access", "$context.requestId $context.status $context.requestTimeEpoch")
		api := world.Accounts[0].Regions[0].APIs[0]
		api.Type, api.Stages[0].CanaryPercent = kind, 20
		h := start(t, Config{World: world})
		events, _ := h.events(t, between("access", noon.Add(-10*time.Minute), noon))
		got := map[int64]float64{}
		for _, e := range events {
			got[*e.Timestamp/60_000]++
		}
		for minute := -10; minute < 0; minute++ {
			at, want := noon.Add(time.Duration(minute)*time.Minute), 0.0
			for _, metric := range metrics {
				for _, canary := range []bool{false, true} {
					want += world.Truth(api, api.Stages[0], canary, at, at.Add(time.Minute))[metric].SampleCount
				}
			}
			if want == 0 || got[at.Unix()/60] != want {
				t.Errorf("%s: %v lines in minute %d, want %v", kind, got[at.Unix()/60], minute, want)
			}
		}
	}
}

// TestPagesOfEventsLoseAndRepeatNothing: whatever the size of pages, with empty ones between, the events are the same and in order.
func TestPagesOfEventsLoseAndRepeatNothing(t *testing.T) {
	world := logging(shop(), "access", "$context.requestId $context.identity.userAgent")
	in := between("access", noon.Add(-30*time.Minute), noon)
	whole, pages := start(t, Config{World: world}).events(t, in)
	if pages != 1 || len(whole) < 1000 {
		t.Fatalf("%d events in %d pages", len(whole), pages)
	}
	seen := map[string]bool{}
	for i, e := range whole {
		if seen[*e.EventId] || len(*e.EventId) != 56 || i > 0 && *e.Timestamp < *whole[i-1].Timestamp {
			t.Fatalf("event %d has id %s at %d", i, *e.EventId, *e.Timestamp)
		}
		seen[*e.EventId] = true
	}
	for name, c := range map[string]struct {
		limit  int32
		faults Faults
		most   int
	}{"7": {limit: 7}, "100 with empty pages": {limit: 100, faults: Faults{EmptyPages: 0.5}}, "always empty": {faults: Faults{EmptyPages: 1}}, "forced": {most: 33}} {
		h := start(t, Config{World: world, Faults: c.faults, MaxPage: c.most})
		in := in
		if c.limit > 0 {
			in.Limit = &c.limit
		}
		got, _ := h.events(t, in)
		if fmt.Sprint(describe(got)) != fmt.Sprint(describe(whole)) {
			t.Errorf("%s: %d events, want the same %d", name, len(got), len(whole))
		}
	}
}

func describe(events []types.FilteredLogEvent) []string {
	var all []string
	for _, e := range events {
		all = append(all, fmt.Sprint(*e.EventId, *e.Timestamp, *e.IngestionTime, *e.LogStreamName, *e.Message))
	}
	return all
}

// TestLogGroupsAreListed: groups that stages name, and those of literals, in pages.
func TestLogGroupsAreListed(t *testing.T) {
	world := logging(shop(), "access", "$context.requestId")
	world.Accounts[0].Regions[0].LogGroups = []*LogGroup{
		{Name: "slow", Class: ClassInfrequentAccess, RetentionDays: 30, KMSKeyID: "arn:aws:kms:us-east-1:111122223333:key/k", Created: noon.Add(-time.Hour)},
		{Name: "later", Created: noon.Add(time.Hour)},
		{Name: "gone", Deleted: noon},
	}
	for i := range 120 {
		world.Accounts[0].Regions[0].LogGroups = append(world.Accounts[0].Regions[0].LogGroups, &LogGroup{Name: fmt.Sprintf("many/%03d", i)})
	}
	h := start(t, Config{World: world})
	list := func(in cloudwatchlogs.DescribeLogGroupsInput) (all []types.LogGroup, pages int) {
		paginator := cloudwatchlogs.NewDescribeLogGroupsPaginator(h.logGroups(), &in)
		for paginator.HasMorePages() {
			page, err := paginator.NextPage(background)
			if err != nil {
				t.Fatal(err)
			}
			all, pages = append(all, page.LogGroups...), pages+1
		}
		return all, pages
	}
	if all, pages := list(cloudwatchlogs.DescribeLogGroupsInput{}); len(all) != 122 || pages != 3 || *all[0].LogGroupName != "access" {
		t.Errorf("%d groups in %d pages", len(all), pages)
	}
	found, _ := list(cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("sl")})
	const arn = "arn:aws:logs:us-east-1:111122223333:log-group:slow"
	if len(found) != 1 || found[0].LogGroupClass != types.LogGroupClassInfrequentAccess || *found[0].RetentionInDays != 30 || *found[0].KmsKeyId == "" ||
		*found[0].Arn != arn+":*" || *found[0].LogGroupArn != arn || *found[0].CreationTime != noon.Add(-time.Hour).UnixMilli() {
		t.Errorf("the group is %+v", found)
	}
	if found, _ := list(cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePattern: aws.String("CCES")}); len(found) != 1 || found[0].RetentionInDays != nil {
		t.Errorf("the pattern finds %d", len(found))
	}
	if found, _ := list(cloudwatchlogs.DescribeLogGroupsInput{LogGroupClass: types.LogGroupClassInfrequentAccess}); len(found) != 1 {
		t.Errorf("the class finds %d", len(found))
	}
}
