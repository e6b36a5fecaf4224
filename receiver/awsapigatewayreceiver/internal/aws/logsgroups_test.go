package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

func TestLogGroupsAreDescribed(t *testing.T) {
	f, from, _ := logFixture(t, awssim.Faults{})
	groups, err := f.client().DescribeLogGroups(context.Background(), []string{"rare", "nowhere", "few", "rare", ""})
	require.NoError(t, err)
	created := time.UnixMilli(from)
	assert.ElementsMatch(t, []model.LogGroup{
		{Name: "few", Class: "STANDARD", Created: created, RetentionDays: 30, KMSKey: "arn:aws:kms:us-east-1:111122223333:key/k"},
		{Name: "rare", Class: "INFREQUENT_ACCESS", Created: created},
	}, groups)
	assert.EqualValues(t, 1, f.counted("aws_calls", attribute.String("operation", "DescribeLogGroups")))
}

func TestNoLogGroupsAreNoCall(t *testing.T) {
	f, _, _ := logFixture(t, awssim.Faults{})
	groups, err := f.client().DescribeLogGroups(context.Background(), nil)
	require.NoError(t, err)
	assert.Empty(t, groups)
	assert.Zero(t, f.counted("aws_calls", attribute.String("operation", "DescribeLogGroups")))
}

func TestLogGroupsTryAgainAndFail(t *testing.T) {
	f, _, _ := logFixture(t, awssim.Faults{Throttle: 1, Only: []string{"DescribeLogGroups"}})
	_, err := f.client().DescribeLogGroups(context.Background(), []string{"few"})
	assert.Equal(t, Throttled, ClassOf(err))
	assert.EqualValues(t, maxAttempts-1, f.counted("aws_retries"))
}

func TestLogGroupWithoutANameIsMalformed(t *testing.T) {
	f, _, _ := logFixture(t, awssim.Faults{Malformed: 1, MalformedKinds: []string{awssim.MalformedMissing}, Only: []string{"DescribeLogGroups"}})
	_, err := f.client().DescribeLogGroups(context.Background(), []string{"few"})
	assert.Equal(t, Malformed, ClassOf(err))
}

// strictLogGroups is an AWS that has the log groups of 0 to n-1, pages of three, and refuses requests that name a group it does not have.
type strictLogGroups struct {
	n     int
	code  string
	asked []int // how many identifiers each request had
}

func (s *strictLogGroups) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		LogGroupIdentifiers []string
		LogGroupNamePrefix  string
		NextToken           string
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	s.asked = append(s.asked, len(in.LogGroupIdentifiers))
	var names []string
	for i := range s.n {
		name := fmt.Sprintf("group-%04d", i)
		if slices.Contains(in.LogGroupIdentifiers, name) || in.LogGroupIdentifiers == nil && strings.HasPrefix(name, in.LogGroupNamePrefix) {
			names = append(names, name)
		}
	}
	if len(names) < len(in.LogGroupIdentifiers) {
		w.Header().Set("X-Amzn-Errortype", s.code)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"message":"no"}`))
		return
	}
	out := map[string]any{}
	rest := names[slices.Index(append(names, in.NextToken), in.NextToken):]
	if in.NextToken == "" {
		rest = names
	}
	if len(rest) > 3 {
		out["nextToken"], rest = rest[3], rest[:3]
	}
	groups := make([]map[string]any, len(rest))
	for i, name := range rest {
		groups[i] = map[string]any{"logGroupName": name}
	}
	out["logGroups"] = groups
	_ = json.NewEncoder(w).Encode(out)
}

func names(groups []model.LogGroup) []string {
	out := make([]string, len(groups))
	for i := range groups {
		out[i] = groups[i].Name
	}
	slices.Sort(out)
	return out
}

func TestManyLogGroupsAreAskedForByFifties(t *testing.T) {
	aws := &strictLogGroups{n: 120}
	f := openHandler(t, aws, nil)
	var want []string
	for i := range 120 {
		want = append(want, fmt.Sprintf("group-%04d", i))
	}
	groups, err := f.client().DescribeLogGroups(context.Background(), want)
	require.NoError(t, err)
	assert.Equal(t, want, names(groups))
	assert.Equal(t, 50, slices.Max(aws.asked), "AWS takes no more")
	assert.Equal(t, "STANDARD", groups[0].Class, "AWS does not say")
}

// AWS does not say what it answers for names that don't exist; either way the others are described.
func TestALogGroupThatDoesNotExistHidesNoOther(t *testing.T) {
	for _, code := range []string{"ResourceNotFoundException", "InvalidParameterException"} {
		f := openHandler(t, &strictLogGroups{n: 120, code: code}, nil)
		groups, err := f.client().DescribeLogGroups(context.Background(), []string{"group-0003", "group-01", "nowhere", "group-0011"})
		require.NoError(t, err, code)
		assert.Equal(t, []string{"group-0003", "group-0011"}, names(groups), "group-01 is only the beginning of others")
	}
}
