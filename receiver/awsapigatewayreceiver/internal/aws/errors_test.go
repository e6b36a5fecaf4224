package aws

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Each refusal has its class and says what mends it, and is not tried again.
func TestDenials(t *testing.T) {
	listMetrics := func(c *Client) error {
		return c.ListMetrics(context.Background(), true, func([]model.Metric) error { return nil })
	}
	restAPIs := func(c *Client) error { _, err := c.restAPIs(context.Background()); return err }
	restStages := func(c *Client) error { _, err := c.restStages(context.Background(), "a"); return err }
	v2APIs := func(c *Client) error { _, err := c.v2APIs(context.Background()); return err }
	v2Stages := func(c *Client) error { _, err := c.v2Stages(context.Background(), "a"); return err }
	for _, set := range []struct {
		operation string
		kind      awssim.DenyKind
		call      func(*Client) error
		class     Class
		remedy    string
	}{
		{"ListMetrics", awssim.IdentityPolicy, listMetrics, Denied, "allow cloudwatch:ListMetrics on * in the identity's policy"},
		{"ListMetrics", awssim.ServiceControlPolicy, listMetrics, ExplicitDeny, "an explicit deny of cloudwatch:ListMetrics on *"},
		{"GetRestApis", awssim.IdentityPolicy, restAPIs, Denied, "allow apigateway:GET on arn:aws:apigateway:us-east-1::/restapis in the identity's policy"},
		{"GetRestApis", awssim.ExplicitDeny, restAPIs, ExplicitDeny, "an explicit deny of apigateway:GET on arn:aws:apigateway:us-east-1::/restapis"},
		{"GetRestApis", awssim.ServiceControlPolicy, restAPIs, ExplicitDeny, "only its owner can lift it"},
		{"GetStages", awssim.IdentityPolicy, restStages, Denied, "arn:aws:apigateway:us-east-1::/restapis/*/stages"},
		{"GetApis", awssim.IdentityPolicy, v2APIs, Denied, "arn:aws:apigateway:us-east-1::/apis"},
		{"GetStagesV2", awssim.IdentityPolicy, v2Stages, Denied, "arn:aws:apigateway:us-east-1::/apis/*/stages"},
	} {
		t.Run(set.operation+" "+string(set.kind), func(t *testing.T) {
			f := openSim(t, small(1, 1, 0), func(c *awssim.Config) { c.Faults.Deny = map[string]awssim.DenyKind{set.operation: set.kind} }, nil)
			err := set.call(f.client())
			require.Error(t, err)
			assert.Equal(t, set.class, ClassOf(err), "%v", err)
			assert.Contains(t, err.Error(), set.remedy)
			assert.Contains(t, err.Error(), "is not authorized to perform", "AWS's own words are kept")
			assert.Equal(t, 1, f.sim.Count(""), "a denial is not tried again")
		})
	}
}

// A permissions boundary that does not allow is not the identity's policy: allowing there mends nothing.
func TestPermissionsBoundaryIsNotMendedByTheIdentityPolicy(t *testing.T) {
	f := openSim(t, small(1, 1, 0), func(c *awssim.Config) {
		c.Faults.Deny = map[string]awssim.DenyKind{"GetRestApis": awssim.PermissionsBoundary}
	}, nil)
	_, err := f.client().restAPIs(context.Background())
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "in the identity's policy")
	assert.Contains(t, err.Error(), "boundary")
}

// wireError is an AWS error as API Gateway (rest-json) and STS (query) say it.
type wireError struct {
	status        int
	code, message string
}

func (e wireError) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/restapis") {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Amzn-Errortype", e.code)
		w.WriteHeader(e.status)
		_, _ = fmt.Fprintf(w, `{"message": %q}`, e.message)
		return
	}
	w.WriteHeader(e.status)
	_, _ = fmt.Fprintf(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, e.code, e.message)
}

// The codes are those of the services' "Common Errors".
func TestClasses(t *testing.T) {
	for _, set := range []struct {
		wireError
		class    Class
		attempts int
		remedy   string
	}{
		{wireError{429, "TooManyRequestsException", "Too Many Requests"}, Throttled, maxAttempts, ""},
		{wireError{400, "ThrottlingException", "Rate exceeded"}, Throttled, maxAttempts, ""},
		{wireError{400, "Throttling", "Rate exceeded"}, Throttled, maxAttempts, ""},
		{wireError{400, "RequestLimitExceeded", ""}, Throttled, maxAttempts, ""},
		{wireError{429, "SomethingElse", ""}, Throttled, maxAttempts, ""},
		{wireError{500, "InternalFailure", ""}, Server, maxAttempts, ""},
		{wireError{503, "ServiceUnavailable", ""}, Server, maxAttempts, ""},
		{wireError{502, "", ""}, Server, maxAttempts, ""},
		{wireError{408, "RequestTimeoutException", "Reading the request has timed out"}, Network, maxAttempts, ""},
		{wireError{408, "", ""}, Network, maxAttempts, ""},
		{wireError{400, "RequestTimeoutException", ""}, Network, maxAttempts, ""},
		{wireError{400, "RequestAbortedException", "The request aborted before a reply could be sent back"}, Network, maxAttempts, ""},
		{wireError{403, "ExpiredTokenException", "The security token included in the request is expired"}, Expired, maxAttempts, "the credentials expired: renew them"},
		{wireError{403, "ExpiredToken", ""}, Expired, maxAttempts, "renew them"},
		{wireError{400, "RequestExpired", ""}, Expired, maxAttempts, "renew them"},
		{wireError{403, "AccessDeniedException", "User: x is not authorized to perform: y because no identity-based policy allows the y action"}, Denied, 1, "in the identity's policy"},
		{wireError{403, "AccessDenied", "… with an explicit deny in a service control policy"}, ExplicitDeny, 1, "service control policy"},
		{wireError{403, "UnrecognizedClientException", "The security token included in the request is invalid."}, RegionDisabled, 1, "enable it under Account > AWS Regions or leave it out of regions"},
		{wireError{403, "InvalidClientTokenId", ""}, RegionDisabled, 1, "leave it out of regions"},
		{wireError{403, "OptInRequired", ""}, RegionDisabled, 1, "leave it out of regions"},
		{wireError{403, "SignatureDoesNotMatch", ""}, Signature, 1, "check the secret access key and the machine's clock"},
		{wireError{403, "InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than"}, Signature, 1, "the machine's clock"},
		{wireError{403, "RequestTimeTooSkewed", ""}, Signature, 1, "the machine's clock"},
		{wireError{403, "MissingAuthenticationTokenException", ""}, NoCredentials, 1, "set AWS_PROFILE"},
		{wireError{400, "ValidationError", ""}, Invalid, 1, ""},
		{wireError{404, "NotFoundException", ""}, Invalid, 1, ""},
	} {
		t.Run(fmt.Sprint(set.status, " ", set.code), func(t *testing.T) {
			for name, do := range map[string]func(*Client) error{
				"rest-json": func(c *Client) error { _, err := c.restAPIs(context.Background()); return err },
				"query":     func(c *Client) error { return c.Identify(context.Background()) },
			} {
				var calls atomic.Int64
				f := openHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					calls.Add(1)
					set.ServeHTTP(w, r)
				}), nil)
				err := do(f.client())
				require.Error(t, err)
				assert.Equal(t, set.class, ClassOf(err), "%s: %v", name, err)
				assert.EqualValues(t, set.attempts, calls.Load(), name)
				assert.Contains(t, err.Error(), set.remedy, name)
				assert.EqualValues(t, set.attempts-1, f.counted("aws_retries"), name)
			}
		})
	}
}

// No class but those that mend themselves is without a remedy, and none names a credential.
func TestRemedies(t *testing.T) {
	for class, mendsItself := range map[Class]bool{
		Throttled: true, Server: true, Network: true, Malformed: true, Invalid: true, Canceled: true,
		Expired: false, Denied: false, ExplicitDeny: false, RoleRefused: false, RegionDisabled: false, NoCredentials: false, Partition: false, Signature: false,
	} {
		assert.Equal(t, mendsItself, (&Error{Class: class}).Remedy() == "", class)
	}
	assert.Empty(t, ClassOf(fmt.Errorf("another")))
	assert.Empty(t, ClassOf(nil))
	assert.Equal(t, Denied, ClassOf(fmt.Errorf("wrapped: %w", &Error{Class: Denied})))
}

// A server that nobody listens on, and a name that does not resolve, are the network's fault and are tried again.
func TestUnreachable(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	for _, endpoint := range []string{server.URL, "https://awsapigateway.invalid"} {
		f := openSession(t, endpoint, func(s *Settings) { s.Clock = fast(20_000) })
		_, err := f.client().restAPIs(context.Background())
		assert.Equal(t, Network, ClassOf(err), "%v", err)
		assert.EqualValues(t, maxAttempts-1, f.counted("aws_retries"))
	}
}

// Settings of the SDK that contradict each other do not mend themselves.
func TestEndpointThatCannotBe(t *testing.T) {
	t.Setenv("AWS_USE_FIPS_ENDPOINT", "true")
	f := openHandler(t, &answering{}, nil)
	_, err := f.client().restAPIs(context.Background())
	assert.Equal(t, Invalid, ClassOf(err), "%v", err)
	assert.ErrorContains(t, err, "FIPS and custom endpoint are not supported")
	assert.Zero(t, f.counted("aws_retries"))
}

func TestNoCredentials(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"none, off EC2":                          {"AWS_EC2_METADATA_DISABLED": "true"},
		"none, and no instance metadata answers": {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ACCESS_KEY_ID", "")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "")
			for k, v := range env {
				t.Setenv(k, v)
			}
			a := &answering{status: 500}
			f := openHandler(t, a, nil)
			err := f.client().Identify(context.Background())
			require.Error(t, err)
			assert.Zero(t, a.calls.Load(), "nothing is sent unsigned")
			assert.Equal(t, NoCredentials, ClassOf(err), "%v", err)
			assert.Contains(t, err.Error(), "set AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
		})
	}
}

// Credentials of one partition can't be used in another's regions.
func TestPartitionMismatch(t *testing.T) {
	body := `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/x</Arn><UserId>x</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	f := openHandler(t, &answering{body: []byte(body)}, func(s *Settings) { s.Regions = []string{"cn-north-1"} })
	err := f.client().Identify(context.Background())
	assert.Equal(t, Partition, ClassOf(err), "%v", err)
	assert.Contains(t, err.Error(), "the credentials are of partition aws, region cn-north-1 is in aws-cn")
	assert.Contains(t, err.Error(), "give the account a profile with credentials of the region's own partition")
	assert.Empty(t, f.client().Target().AccountID)
}

func TestPartitionOf(t *testing.T) {
	for region, partition := range map[string]string{
		"us-east-1": "aws", "eu-west-1": "aws", "ap-southeast-5": "aws", "mx-central-1": "aws", "cn-north-1": "aws-cn", "cn-northwest-1": "aws-cn",
		"us-gov-west-1": "aws-us-gov", "eusc-de-east-1": "aws-eusc", "us-iso-east-1": "aws-iso", "us-isob-east-1": "aws-iso-b", "eu-isoe-west-1": "aws-iso-e", "us-isof-south-1": "aws-iso-f",
	} {
		assert.Equal(t, partition, PartitionOf(region), region)
		assert.NoError(t, CheckRegions("regions", []string{region}))
	}
}

// rotating is an AWS whose STS hands out a new key each time, and which takes the newest key alone.
type rotating struct {
	assumed atomic.Int64
	valid   atomic.Int64 // the key that is taken
	refused atomic.Int64
}

func (s *rotating) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/restapis") {
		if !strings.Contains(r.Header.Get("Authorization"), fmt.Sprintf("Credential=ASIA%d/", s.valid.Load())) {
			s.refused.Add(1)
			wireError{403, "ExpiredTokenException", "The security token included in the request is expired"}.ServeHTTP(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"item": []}`))
		return
	}
	_, _ = fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIA%d</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
		s.assumed.Add(1), time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}

// A session that expired before its time is renewed within the call that finds out.
func TestExpiredSessionIsRenewed(t *testing.T) {
	s := &rotating{}
	s.valid.Store(1)
	f := openHandler(t, s, func(s *Settings) {
		s.Accounts = []Account{{RoleARN: "arn:aws:iam::" + otherAccount + ":role/reader", AccountID: otherAccount}}
	})
	_, err := f.client().restAPIs(context.Background())
	require.NoError(t, err)
	s.valid.Store(2)
	_, err = f.client().restAPIs(context.Background())
	require.NoError(t, err)
	assert.EqualValues(t, 2, s.assumed.Load())
	assert.EqualValues(t, 1, s.refused.Load())
}

// Credentials that only the user can renew are an error until then, and work again after it.
func TestExpiredCredentialsRecover(t *testing.T) {
	f := openSim(t, small(1, 0, 0), func(c *awssim.Config) { c.Faults.ExpiredCredentials = true }, nil)
	_, err := f.client().restAPIs(context.Background())
	assert.Equal(t, Expired, ClassOf(err), "%v", err)
	assert.Contains(t, err.Error(), "the credentials expired: renew them")
	f.sim.SetFaults(awssim.Faults{})
	apis, err := f.client().restAPIs(context.Background())
	require.NoError(t, err)
	assert.Len(t, apis, 1)
}
