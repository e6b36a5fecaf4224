package awssim

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// TestFaultsOfLogs: all that goes wrong on purpose goes wrong with logs, and only where it should.
func TestFaultsOfLogs(t *testing.T) {
	h := start(t, Config{World: logging(shop(), "access", "$context.requestId")})
	in := between("access", noon.Add(-5*time.Minute), noon)
	for name, code := range map[string]string{"throttle": "ThrottlingException", "expired": "ExpiredTokenException"} {
		h.SetFaults(map[string]Faults{"throttle": {Throttle: 1}, "expired": {ExpiredCredentials: true}}[name])
		_, err := h.filter(in)
		wantCode(t, err, code)
	}
	for name, f := range map[string]Faults{
		"server error": {ServerError: 1}, "drop": {Drop: 1}, "truncate": {Truncate: 1}, "garbage": {Malformed: 1, MalformedKinds: []string{MalformedGarbage}},
	} {
		h.SetFaults(f)
		if out, err := h.filter(in); err == nil {
			t.Errorf("%s: %d events are answered", name, len(out.Events))
		}
		f.Only = []string{"DescribeLogGroups"}
		h.SetFaults(f)
		if _, err := h.filter(in); err != nil {
			t.Errorf("%s, but only of another operation: %v", name, err)
		}
	}
	malformed := func(kind string) *cloudwatchlogs.FilterLogEventsOutput {
		h.SetFaults(Faults{Malformed: 1, MalformedKinds: []string{kind}})
		out, err := h.filter(in)
		if err != nil || len(out.Events) == 0 {
			t.Fatalf("%s: %v (%v)", kind, out, err)
		}
		return out
	}
	if e := malformed(MalformedMissing).Events[0]; e.EventId != nil || e.Timestamp != nil {
		t.Errorf("the event has %s and %d", *e.EventId, *e.Timestamp)
	}
	if e := malformed(MalformedOutside).Events[0]; *e.Timestamp >= *in.StartTime {
		t.Errorf("the event is of %d", *e.Timestamp)
	}
	in.NextToken = malformed(MalformedNextToken).NextToken
	if again := malformed(MalformedNextToken); in.NextToken == nil || *again.NextToken != *in.NextToken {
		t.Errorf("the tokens are %v and %v", in.NextToken, again.NextToken)
	}
	h.SetFaults(Faults{Malformed: 1, MalformedKinds: []string{MalformedMissing}})
	if list, err := h.logGroups().DescribeLogGroups(background, &cloudwatchlogs.DescribeLogGroupsInput{}); err != nil || len(list.LogGroups) != 1 || list.LogGroups[0].LogGroupName != nil {
		t.Errorf("the groups are %v (%v)", list, err)
	}
}

// TestTokensEnd: a token is good for its own request, and for a day.
func TestTokensEnd(t *testing.T) {
	clock := newClock(noon)
	h := start(t, Config{World: logging(shop(), "access", "$context.requestId"), Now: clock.now})
	in := between("access", noon.Add(-5*time.Minute), noon)
	in.Limit = aws.Int32(5)
	out, err := h.filter(in)
	if err != nil || out.NextToken == nil || len(out.Events) != 5 || len(out.SearchedLogStreams) != 0 {
		t.Fatalf("%v (%v)", out, err)
	}
	in.NextToken = out.NextToken
	other := in
	other.StartTime = aws.Int64(0)
	_, err = h.filter(other)
	wantCode(t, err, "InvalidParameterException")
	clock.set(noon.Add(23 * time.Hour))
	if _, err := h.filter(in); err != nil {
		t.Errorf("after 23 hours: %v", err)
	}
	clock.set(noon.Add(25 * time.Hour))
	_, err = h.filter(in)
	wantCode(t, err, "InvalidParameterException")
}

// TestFormats: what is a variable, and what is text.
func TestFormats(t *testing.T) {
	world := shop()
	api := world.Accounts[0].Regions[0].APIs[0]
	for format, want := range map[string]string{
		"":                                    "",
		"no variables, $stage and $util":      "no variables, $stage and $util",
		"$context.apiId-$context.stage.":      "orders0001-prod.",
		"$context.apiId$context.stage":        "orders0001prod",
		"$context.":                           "$context.",
		"$context..apiId":                     "$context..apiId",
		"$context.httpMethods $context.APIID": "- -",
		"[$context.dataProcessed]":            "[-]", // of HTTP APIs
		"$context.authorizer.claims":          "-",
		"$context.requestOverride.header.x-y": "-",
		"\\\"$context.stage\\\"\n":            "\\\"prod\\\"\n",
		"$$context.stage{$context.stage}":     "$prod{prod}",
		strings.Repeat("$context.stage,", 3):  "prod,prod,prod,",
	} {
		stage := *api.Stages[0]
		stage.AccessLog = AccessLog{"arn:aws:logs:us-east-1:111122223333:log-group:access", format}
		api.Stages[0] = &stage
		same := 0
		for record := range world.AccessRecords(api, &stage, noon.Add(-time.Minute), noon) {
			if same++; record.Line != want && (!strings.Contains(format, "Override") || record.Line != "override of x-y") {
				t.Errorf("%q gives %q, want %q", format, record.Line, want)
			}
		}
		if same == 0 {
			t.Error("there are no records")
		}
	}
}
