package awssim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// filter asks for one page of events.
func (h *harness) filter(in cloudwatchlogs.FilterLogEventsInput) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	return h.logGroups().FilterLogEvents(background, &in)
}

// TestRefusedReads: each has AWS's own error.
func TestRefusedReads(t *testing.T) {
	world := logging(shop(), "access", "$context.requestId")
	world.Accounts[0].Regions[0].LogGroups = []*LogGroup{
		{Name: "rare", Class: ClassInfrequentAccess},
		{Name: "delivery", Class: ClassDelivery},
		{Name: "locked", KMSKeyID: "arn:aws:kms:us-east-1:111122223333:key/k", KMSBroken: []Span{{noon.Add(-time.Hour), noon.Add(time.Hour)}}},
		{Name: "later", Created: noon.Add(time.Hour)},
	}
	h := start(t, Config{World: world})
	of := func(group string) cloudwatchlogs.FilterLogEventsInput {
		return cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group}
	}
	both, none, pattern, limit, token, reversed := of("access"), cloudwatchlogs.FilterLogEventsInput{}, of("access"), of("access"), of("access"), between("access", noon, noon.Add(-time.Hour))
	both.LogGroupIdentifier, pattern.FilterPattern, limit.Limit, token.NextToken = aws.String("access"), aws.String("ERROR"), aws.Int32(10_001), aws.String("x")
	for name, c := range map[string]struct {
		in         cloudwatchlogs.FilterLogEventsInput
		code, text string
	}{
		"unknown":           {of("nothere"), "ResourceNotFoundException", "The specified log group does not exist."},
		"not yet":           {of("later"), "ResourceNotFoundException", ""},
		"infrequent access": {of("rare"), "InvalidOperationException", "rare is of log-group-class INFREQUENT_ACCESS. FilterLogEvents is not supported for this log class"},
		"delivery":          {of("delivery"), "InvalidOperationException", ""},
		"broken key":        {of("locked"), "AccessDeniedException", ""},
		"name and ARN":      {both, "InvalidParameterException", ""},
		"no name":           {none, "InvalidParameterException", ""},
		"pattern":           {pattern, "InvalidParameterException", ""},
		"limit":             {limit, "InvalidParameterException", ""},
		"token":             {token, "InvalidParameterException", "The specified nextToken is invalid."},
		"reversed":          {reversed, "InvalidParameterException", ""},
	} {
		_, err := h.filter(c.in)
		if text := wantCode(t, err, c.code); !strings.HasPrefix(text, c.text) {
			t.Errorf("%s: the text is %q", name, text)
		}
	}
	arn := "arn:aws:logs:us-east-1:111122223333:log-group:access"
	out, err := h.filter(cloudwatchlogs.FilterLogEventsInput{LogGroupIdentifier: &arn, StartTime: aws.Int64(noon.Add(-time.Minute).UnixMilli())})
	if err != nil || len(out.Events) == 0 {
		t.Errorf("by its ARN the group has %v (%v)", out, err)
	}
}

// TestDeniedReads: the text names the group.
func TestDeniedReads(t *testing.T) {
	h := start(t, Config{World: logging(shop(), "access", "$context.requestId"), Faults: Faults{Deny: map[string]DenyKind{"FilterLogEvents": IdentityPolicy}}})
	_, err := h.filter(between("access", noon.Add(-time.Minute), noon))
	want := "User: arn:aws:iam::111122223333:user/awssim is not authorized to perform: logs:FilterLogEvents on resource: " +
		"arn:aws:logs:us-east-1:111122223333:log-group:access:* because no identity-based policy allows the logs:FilterLogEvents action"
	if got := wantCode(t, err, "AccessDeniedException"); got != want {
		t.Errorf("the text is %q, want %q", got, want)
	}
	if _, err := h.logGroups().DescribeLogGroups(background, &cloudwatchlogs.DescribeLogGroupsInput{}); err != nil {
		t.Errorf("another operation is denied: %v", err)
	}
}

// TestLogQuotas: calls at one moment pass up to the region's quota.
func TestLogQuotas(t *testing.T) {
	for region, want := range map[string]int{"us-east-1": 25, "eu-west-1": 10, "eu-central-1": 5} {
		world := shop()
		world.Accounts[0].Regions[0].Name = region
		h := start(t, Config{World: logging(world, "access", "$context.requestId"), EnforceQuotas: true}).as("111122223333", region)
		passed := 0
		for range 30 {
			_, err := h.filter(between("access", noon.Add(-time.Minute), noon))
			if err == nil {
				passed++
				continue
			}
			wantCode(t, err, "ThrottlingException")
		}
		if passed != want {
			t.Errorf("%s: %d calls passed, want %d", region, passed, want)
		}
	}
}

// TestLateEvents: an event is there from its ingestion on, with the same id and text each time.
func TestLateEvents(t *testing.T) {
	clock := newClock(noon)
	world := logging(shop(), "access", "$context.requestId")
	h := start(t, Config{World: world, Now: clock.now, Ingestion: Lateness{Base: 4 * time.Second, Max: 5 * time.Minute, Late: 0.3}})
	in := between("access", noon.Add(-5*time.Minute), noon)
	seen, before := map[string]string{}, 0
	for step := range 40 {
		at := noon.Add(time.Duration(step) * 10 * time.Second)
		clock.set(at)
		events, _ := h.events(t, in)
		for _, e := range events {
			if text, ok := seen[*e.EventId]; ok && text != *e.Message {
				t.Fatalf("an event changed: %s, was %s", *e.Message, text)
			}
			seen[*e.EventId] = *e.Message
			if *e.IngestionTime > at.UnixMilli() || *e.IngestionTime < *e.Timestamp+4000 {
				t.Fatalf("an event of %d was ingested at %d", *e.Timestamp, *e.IngestionTime)
			}
		}
		if len(events) < before || len(seen) != len(events) {
			t.Errorf("there are %d events, %d before and %d in all", len(events), before, len(seen))
		}
		before = len(events)
	}
	api := world.Accounts[0].Regions[0].APIs[0]
	if want := world.Truth(api, api.Stages[0], false, noon.Add(-5*time.Minute), noon)["Count"].SampleCount; float64(before) != want {
		t.Errorf("in the end there are %d events, want %v", before, want)
	}
}

// TestGroupsComeAndGo: retention hides old events; a group that is made again has the events of its own life.
func TestGroupsComeAndGo(t *testing.T) {
	clock := newClock(noon)
	world := logging(shop(), "access", "$context.requestId")
	groups := &world.Accounts[0].Regions[0].LogGroups
	*groups = []*LogGroup{
		{Name: "access", RetentionDays: 1, Deleted: noon.Add(time.Hour), Changes: []Change[LogGroup]{{noon.Add(10 * time.Minute), func(g *LogGroup) { g.Kept = 5 * time.Minute }}}},
		{Name: "access", Created: noon.Add(2 * time.Hour)},
	}
	h := start(t, Config{World: world, Now: clock.now})
	first := func(at time.Time) time.Time {
		clock.set(at)
		out, err := h.filter(cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("access"), Limit: aws.Int32(1), StartTime: aws.Int64(0)})
		if err != nil || len(out.Events) != 1 {
			t.Fatalf("at %s: %v (%v)", at, out, err)
		}
		return time.UnixMilli(*out.Events[0].Timestamp)
	}
	for _, c := range []struct{ at, want time.Time }{
		{noon, noon.Add(-24 * time.Hour)}, {noon.Add(20 * time.Minute), noon.Add(15 * time.Minute)}, {noon.Add(3 * time.Hour), noon.Add(2 * time.Hour)},
	} {
		if got := first(c.at); got.Before(c.want) || got.After(c.want.Add(time.Minute)) {
			t.Errorf("at %s the oldest event is of %s", c.at, got)
		}
	}
	clock.set(noon.Add(90 * time.Minute))
	_, err := h.filter(between("access", noon, noon.Add(time.Hour)))
	wantCode(t, err, "ResourceNotFoundException")
}

// TestWhatElseIsInAGroup: stages that share it, formats that change, lines of other services and of literals.
func TestWhatElseIsInAGroup(t *testing.T) {
	world := shop()
	api := world.Accounts[0].Regions[0].APIs[0]
	api.Stages = append(api.Stages, &Stage{Name: "test", Traffic: Traffic{PerMinute: 20}})
	logging(world, "access", "one $context.stage $context.requestId")
	api.Stages[1].Changes = []Change[Stage]{{noon.Add(-5 * time.Minute), func(s *Stage) { s.AccessLog.Format = "two $context.stage" }}}
	world.Accounts[0].Regions[0].LogGroups = []*LogGroup{{Name: "access", ForeignPerMinute: 10, Lines: []LogLine{
		{At: noon.Add(-time.Minute), Stream: "mine", Message: strings.Repeat("x", 1<<20)}, {At: noon.Add(time.Hour), Late: -time.Hour, Message: "from the future"},
	}}}
	h := start(t, Config{World: world})
	in := between("access", noon.Add(-10*time.Minute), noon.Add(2*time.Hour))
	events, pages := h.events(t, in)
	found := map[string]int{}
	for _, e := range events {
		switch late := *e.Timestamp >= noon.Add(-5*time.Minute).UnixMilli(); {
		case strings.HasPrefix(*e.Message, "one prod"), strings.HasPrefix(*e.Message, "one test") && !late, *e.Message == "two test" && late:
			found[(*e.Message)[:8]]++
		case len(*e.Message) == 1<<20, *e.Message == "from the future":
			found[(*e.Message)[:1]]++
		case *e.LogStreamName == "another/service":
			found["foreign"]++
		default:
			t.Errorf("the line %q is of nobody", *e.Message)
		}
	}
	if found["one prod"] < 300 || found["one test"] < 60 || found["two test"] < 60 || found["x"] != 1 || found["f"] != 1 || found["foreign"] < 60 || pages < 2 {
		t.Errorf("found %v in %d pages", found, pages)
	}
	in.LogStreamNamePrefix = aws.String("min")
	if events, _ := h.events(t, in); len(events) != 1 {
		t.Errorf("the stream has %d events", len(events))
	}
}

// TestStreams: streams are listed, and reading each of them to its ends, forward and backward, gives what FilterLogEvents gives.
func TestStreams(t *testing.T) {
	h := start(t, Config{World: logging(shop(), "access", "$context.requestId")})
	in := between("access", noon.Add(-20*time.Minute), noon)
	all, _ := h.events(t, in)
	want := map[string][]string{}
	for _, e := range all {
		want[*e.LogStreamName] = append(want[*e.LogStreamName], *e.Message)
	}
	list, err := h.logGroups().DescribeLogStreams(background, &cloudwatchlogs.DescribeLogStreamsInput{
		LogGroupName: aws.String("access"), OrderBy: types.OrderByLastEventTime, Descending: aws.Bool(true), Limit: aws.Int32(3),
	})
	if err != nil || len(list.LogStreams) != 3 || list.NextToken == nil || *list.LogStreams[0].LastEventTimestamp < *list.LogStreams[1].LastEventTimestamp {
		t.Fatalf("the streams are %v (%v)", list, err)
	}
	for stream, lines := range want {
		for _, head := range []bool{true, false} {
			var got []string
			var token *string
			for {
				page, err := h.logGroups().GetLogEvents(background, &cloudwatchlogs.GetLogEventsInput{
					LogGroupName: aws.String("access"), LogStreamName: aws.String(stream), StartFromHead: &head, Limit: aws.Int32(37), NextToken: token,
					StartTime: in.StartTime, EndTime: aws.Int64(noon.UnixMilli()),
				})
				if err != nil || page.NextForwardToken == nil || page.NextBackwardToken == nil {
					t.Fatalf("%v (%v)", page, err)
				}
				var texts []string
				for _, e := range page.Events {
					texts = append(texts, *e.Message)
				}
				next := page.NextForwardToken
				if got = append(got, texts...); !head {
					got = append(texts, got[:len(got)-len(texts)]...)
					next = page.NextBackwardToken
				}
				if token != nil && *next == *token {
					break
				}
				token = next
			}
			if fmt.Sprint(got) != fmt.Sprint(lines) {
				t.Errorf("%s from its head %v: %d lines, want %d", stream, head, len(got), len(lines))
			}
		}
	}
}

// TestLinesOfSetUp: the delivery of an HTTP API's log is validated, the execution logs of a REST API begin with a note, a canary's are apart.
func TestLinesOfSetUp(t *testing.T) {
	for kind, want := range map[string]struct{ group, stream, text string }{
		TypeHTTP: {"access", "log_stream_created_by_aws_to_validate_log_delivery_subscriptions", "Permissions are set correctly"},
		TypeREST: {"API-Gateway-Execution-Logs_orders0001/prod", "", "Cloudwatch logs enabled for API Gateway"},
	} {
		world := logging(shop(), "access", "$context.requestId")
		api := world.Accounts[0].Regions[0].APIs[0]
		api.Type, api.Created = kind, noon.Add(-5*time.Minute)
		api.Stages[0].CanaryPercent, api.Stages[0].Methods = 50, map[string]MethodSettings{"*/*": {LoggingLevel: "ERROR"}}
		h := start(t, Config{World: world})
		found := 0
		events, _ := h.events(t, between(want.group, noon.Add(-time.Hour), noon))
		for _, e := range events {
			if strings.HasPrefix(*e.Message, want.text) && (want.stream == "" || *e.LogStreamName == want.stream) {
				found++
			}
		}
		if found != 1 || len(events) < 20 {
			t.Errorf("%s: the line is there %d times among %d", kind, found, len(events))
		}
		out, err := h.filter(between(want.group+"/Canary", noon.Add(-time.Hour), noon))
		if kind == TypeREST && (err != nil || len(out.Events) < 20) || kind == TypeHTTP && err == nil {
			t.Errorf("%s: the canary has %v (%v)", kind, out, err)
		}
	}
}
