package aws

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// file writes a file of the test's own and returns its path.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// A role that the SDK assumes by itself, of a service account in Kubernetes or of a profile, is refused like the account's own: allowing in the identity's
// policy what was called first mends nothing.
func TestRoleOfTheDefaultChainIsRefused(t *testing.T) {
	webIdentity := func(t *testing.T) {
		t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", file(t, "token"))
		t.Setenv("AWS_ROLE_ARN", roleARN)
	}
	profile := func(t *testing.T) {
		t.Setenv("AWS_CONFIG_FILE", file(t, "[profile reader]\nrole_arn = "+roleARN+"\nsource_profile = base\n[profile base]\naws_access_key_id = AKIA\naws_secret_access_key = s\n"))
		t.Setenv("AWS_PROFILE", "reader")
	}
	for name, set := range map[string]struct {
		env func(*testing.T)
		wireError
	}{
		"trust policy of a service account's role": {webIdentity, wireError{403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"}},
		"no identity provider":                     {webIdentity, wireError{400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://oidc.example"}},
		"role of a profile":                        {profile, wireError{403, "AccessDenied", "User: x is not authorized to perform: sts:AssumeRole on resource: " + roleARN}},
		"role of a profile, explicitly":            {profile, wireError{403, "AccessDenied", "User: x is not authorized to perform: sts:AssumeRole with an explicit deny in a service control policy"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ACCESS_KEY_ID", "")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "")
			set.env(t)
			err := openHandler(t, set.wireError, nil).client().Identify(context.Background())
			require.Error(t, err)
			assert.Equal(t, RoleRefused, ClassOf(err), "%v", err)
			assert.Contains(t, err.Error(), set.message)
			assert.Contains(t, err.Error(), "the role's trust policy")
		})
	}
}

// A role's session that takes longer than a call may is not for want of credentials: the region where it is asked for first does not answer.
func TestRoleThatTakesLongIsNoWantOfCredentials(t *testing.T) {
	silent := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server sees that the client leaves
		<-r.Context().Done()
	})
	f := openHandler(t, silent, func(s *Settings) {
		s.AttemptTimeout = 50 * time.Millisecond
		withRole(Account{AccountID: otherAccount}, testRegion)(s)
	})
	_, err := f.client().restAPIs(context.Background())
	assert.Equal(t, Network, ClassOf(err), "%v", err)
	assert.NotContains(t, err.Error(), "no AWS credentials were found")
}

// Keys that are replaced where they come from, without a date, are asked for again when AWS knows the old ones no more.
func TestReplacedKeysAreAskedForAgain(t *testing.T) {
	var valid atomic.Int64
	valid.Store(1)
	aws := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Authorization"), fmt.Sprintf("Credential=AKIA%d/", valid.Load())) {
			wireError{403, "UnrecognizedClientException", "The security token included in the request is invalid."}.ServeHTTP(w, r)
			return
		}
		_, _ = w.Write([]byte(noAPIs))
	})
	keys := func() string {
		return fmt.Sprintf(`{"Version": 1, "AccessKeyId": "AKIA%d", "SecretAccessKey": "s"}`, valid.Load())
	}
	path := file(t, keys())
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_CONFIG_FILE", file(t, "[default]\ncredential_process = cat "+path+"\n"))
	c := openHandler(t, aws, nil).client()
	_, err := c.restAPIs(context.Background())
	require.NoError(t, err)

	valid.Store(2)
	require.NoError(t, os.WriteFile(path, []byte(keys()), 0o600))
	_, err = c.restAPIs(context.Background())
	assert.Equal(t, RegionDisabled, ClassOf(err), "%v", err)
	_, err = c.restAPIs(context.Background())
	assert.NoError(t, err)
}

// sessionUntil is the answer of AssumeRole, but for when it ends.
const sessionUntil = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`

// A session that is about to end is used while it is valid, where a new one can't be had.
func TestSessionIsUsedWhileNoNewOneCanBeHad(t *testing.T) {
	for name, set := range map[string]struct {
		valid time.Duration
		class Class
	}{
		"it is valid": {valid: 2 * time.Minute},
		"it is over":  {valid: -time.Second, class: Server},
	} {
		t.Run(name, func(t *testing.T) {
			var assumed atomic.Int64
			f := openHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasPrefix(r.URL.Path, "/restapis"):
					_, _ = w.Write([]byte(noAPIs))
				case assumed.Add(1) == 1:
					_, _ = fmt.Fprintf(w, sessionUntil, time.Now().Add(set.valid).UTC().Format(time.RFC3339))
				default:
					wireError{503, "ServiceUnavailable", ""}.ServeHTTP(w, r)
				}
			}), func(s *Settings) {
				withRole(Account{AccountID: otherAccount}, testRegion)(s)
				s.Clock = once{}
			})
			_, err := f.client().restAPIs(context.Background())
			require.NoError(t, err)
			for range 3 {
				_, err = f.client().restAPIs(context.Background())
				assert.Equal(t, set.class, ClassOf(err), "%v", err)
			}
			if set.class == "" {
				assert.EqualValues(t, 2, assumed.Load(), "a new one is not asked for each time")
			}
		})
	}
}

// A machine whose clock is far from AWS's begins no session for each call: a session ends by AWS's clock.
func TestSessionEndsByAWSsClock(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"ahead": 18 * time.Hour, "behind": -18 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			var assumed atomic.Int64
			f := openHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				now := time.Now().Add(-ahead)
				w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
				if strings.HasPrefix(r.URL.Path, "/restapis") {
					_, _ = w.Write([]byte(noAPIs))
					return
				}
				assumed.Add(1)
				_, _ = fmt.Fprintf(w, sessionUntil, now.Add(time.Hour).UTC().Format(time.RFC3339))
			}), withRole(Account{AccountID: otherAccount}, testRegion))
			for range 3 {
				_, err := f.client().restAPIs(context.Background())
				require.NoError(t, err)
			}
			assert.EqualValues(t, 1, assumed.Load())
			held, err := f.client().cfg.Credentials.Retrieve(context.Background())
			require.NoError(t, err)
			assert.WithinDuration(t, time.Now().Add(time.Hour), held.Expires, expiryWindow+time.Minute)
		})
	}
}

// The first region's client assumes the role for the others, too, while it finds out its own account.
func TestRoleIsAssumedForOthersMeanwhile(t *testing.T) {
	f := openHandler(t, wireError{403, "AccessDenied", "no"}, withRole(Account{}, "us-east-1", "eu-west-1"))
	first, second := f.session.Clients[0], f.session.Clients[1]
	first.getCallerIdentity = func(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error) {
		account := otherAccount
		return &sts.GetCallerIdentityOutput{Account: &account}, nil
	}
	var both sync.WaitGroup
	both.Go(func() { assert.NoError(t, first.Identify(context.Background())) })
	both.Go(func() {
		_, err := second.restAPIs(context.Background())
		assert.Equal(t, RoleRefused, ClassOf(err), "%v", err)
	})
	both.Wait()
}
