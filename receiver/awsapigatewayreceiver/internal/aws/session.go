package aws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/metadata"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/poll"
)

// Settings are what Open needs of the receiver's configuration and of its host.
type Settings struct {
	Accounts []Account // none: the caller's own account
	Regions  []string  // none: the SDK's default region
	Endpoint string    // "": AWS
	// InsecureEndpoint allows plain HTTP to other machines.
	InsecureEndpoint bool
	// ControlPlanePerSecond is the steady rate of API Gateway reads of one target.
	ControlPlanePerSecond float64
	// LogRequestsPerSecond is the rate of FilterLogEvents of one target; 0: half of AWS's published quota of the region.
	LogRequestsPerSecond float64
	Clock                poll.Clock
	// AttemptTimeout bounds one attempt of a call in real time; 0: 20 s.
	AttemptTimeout time.Duration
	// Dial replaces the network, as tests do; nil: the machine's.
	Dial      func(ctx context.Context, network, addr string) (net.Conn, error)
	Telemetry *metadata.TelemetryBuilder
	Logger    *zap.Logger
}

// Session is the set of targets of one receiver.
type Session struct {
	Clients []*Client
	pool    *httpPool
	end     context.CancelFunc // of the credentials' own calls
	closed  bool
}

// Open resolves the accounts and regions to one Client each. It does not call AWS: credentials are found at the first call.
func Open(ctx context.Context, s Settings) (*Session, error) {
	if s.AttemptTimeout == 0 {
		s.AttemptTimeout = attemptTimeout
	}
	accounts := s.Accounts
	if len(accounts) == 0 {
		accounts = []Account{{}}
	}
	connections := &pool
	if s.Dial != nil {
		connections = &httpPool{dial: s.Dial}
	}
	connections.acquire()
	open, end := context.WithCancel(context.WithoutCancel(ctx))
	session := &Session{end: end, pool: connections}
	var errs []error
	for i := range accounts {
		if err := session.openAccount(ctx, open, s, &accounts[i]); err != nil {
			errs = append(errs, fmt.Errorf("accounts[%d]: %w", i, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		session.Close()
		return nil, err
	}
	return session, nil
}

// Close gives the HTTP client back. It is safe to call twice.
func (s *Session) Close() {
	if !s.closed {
		s.closed = true
		s.end()
		s.pool.release()
	}
}

func (s *Session) openAccount(ctx, session context.Context, set Settings, a *Account) error {
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(s.pool.buildable()),
		config.WithLogger(logging.Nop{}), // errors come back as errors
		// Retries are ours: they share the target's limiter, its accounting and its clock.
		config.WithRetryer(func() awssdk.Retryer { return awssdk.NopRetryer{} }),
	}
	if a.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(a.Profile))
	}
	if set.Endpoint != "" {
		options = append(options, config.WithBaseEndpoint(set.Endpoint))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return fmt.Errorf("cannot load the AWS configuration: %w", err)
	}
	regions := set.Regions
	if len(a.Regions) > 0 {
		regions = a.Regions
	}
	if len(regions) == 0 {
		if cfg.Region == "" {
			return errors.New("regions: is not set, and neither AWS_REGION nor the profile names a region: write for example regions: [us-east-1]")
		}
		regions = []string{cfg.Region}
	}

	clients := make([]*Client, len(regions))
	for i, region := range regions {
		clients[i] = newClient(set, s.pool, cfg, model.Target{
			Label:       a.label() + "/" + region,
			AccountName: a.Name,
			AccountID:   a.AccountID,
			Region:      region,
			Partition:   PartitionOf(region),
		})
	}
	if a.RoleARN != "" {
		// One provider per account: its regions share the session.
		creds := awssdk.NewCredentialsCache(&roleSession{CredentialsProvider: roleProvider(session, a, clients), clock: set.Clock}, func(o *awssdk.CredentialsCacheOptions) {
			o.ExpiryWindow = expiryWindow
			o.ExpiryWindowJitterFrac = 0.5
		})
		for _, c := range clients {
			c.credentials = creds
		}
	}
	for _, c := range clients {
		c.connect()
	}
	s.Clients = append(s.Clients, clients...)
	return nil
}

const (
	// expiryWindow is how long before its end a role's session is renewed.
	expiryWindow = 5 * time.Minute
	// renewAfter is how long a session is used for that could not be renewed, before that is tried again.
	renewAfter = time.Minute
)

// roleSession provides a role's credentials to the SDK's cache, which makes one call of it at a time.
type roleSession struct {
	awssdk.CredentialsProvider
	clock poll.Clock
	ends  time.Time // the newest session
}

// Retrieve begins a session.
func (r *roleSession) Retrieve(ctx context.Context) (awssdk.Credentials, error) {
	creds, err := r.CredentialsProvider.Retrieve(ctx)
	if err == nil {
		r.ends = creds.Expires
	}
	return creds, err
}

// HandleFailToRefresh goes on with a session that could not be renewed in time, until it ends. The cache takes the window off its end once more.
func (r *roleSession) HandleFailToRefresh(_ context.Context, held awssdk.Credentials, err error) (awssdk.Credentials, error) {
	now := r.clock.Now()
	if !held.HasKeys() || !now.Before(r.ends) {
		return awssdk.Credentials{}, err
	}
	held.Expires = r.ends.Add(expiryWindow)
	if soon := now.Add(renewAfter + expiryWindow); soon.Before(held.Expires) {
		held.Expires = soon
	}
	return held, nil
}

// roleProvider assumes the account's role through the STS of the account's regions in turn, so that one region that does not answer, or is not
// enabled, leaves the others their credentials.
func roleProvider(session context.Context, a *Account, clients []*Client) awssdk.CredentialsProvider {
	name := a.SessionName
	if name == "" {
		name = "otelcol-apigateway"
	}
	providers := make([]awssdk.CredentialsProvider, len(clients))
	for i, c := range clients {
		providers[i] = stscreds.NewAssumeRoleProvider(assumer{c}, a.RoleARN, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = name
			o.Duration = sessionDuration
			if a.ExternalID != "" {
				o.ExternalID = &a.ExternalID
			}
		})
	}
	return awssdk.CredentialsProviderFunc(func(ctx context.Context) (awssdk.Credentials, error) {
		// The SDK's cache cuts the provider off its callers' contexts; the session's end still ends it.
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(session, cancel)()
		var errs []error
		for i, p := range providers {
			creds, err := p.Retrieve(ctx)
			if err == nil {
				creds.Expires = creds.Expires.Add(-clients[i].ClockOffset()) // by the local clock, which the cache holds it against
				return creds, nil
			}
			errs = append([]error{err}, errs...) // the last region's error is the one that decides
			if c := ClassOf(err); c != Network && c != RegionDisabled && c != Server {
				break
			}
		}
		return awssdk.Credentials{}, &assumeRoleError{role: a.RoleARN, err: errors.Join(errs...)}
	})
}

// assumer is the one STS call that the role's provider needs, made with the account's base credentials.
type assumer struct{ c *Client }

func (a assumer) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput, _ ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	out, err := call(ctx, a.c, opAssumeRole, a.c.assumeRole, in, 1)
	if err != nil {
		return nil, err
	}
	if k := out.Credentials; k == nil || awssdk.ToString(k.AccessKeyId) == "" || awssdk.ToString(k.SecretAccessKey) == "" || awssdk.ToString(k.SessionToken) == "" || k.Expiration == nil {
		return nil, a.c.malformed(opAssumeRole, "credentials of which a part is missing")
	}
	return out, nil
}
