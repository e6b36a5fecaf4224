package aws

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-apigateway/awsapigateway/internal/awssim"
)

const roleARN = "arn:aws:iam::" + otherAccount + ":role/reader"

// roles is a world of two accounts. The caller's is the first; the role is in the second.
func roles(role awssim.Role, disabled ...string) *awssim.World {
	w := small(1, 0, 0)
	for _, r := range disabled {
		w.Accounts[0].Regions = append(w.Accounts[0].Regions, &awssim.Region{Name: r, Disabled: true})
	}
	role.Name = "reader"
	w.Accounts = append(w.Accounts, &awssim.Account{ID: otherAccount, Roles: []awssim.Role{role}})
	return w
}

func withRole(a Account, regions ...string) func(*Settings) {
	return func(s *Settings) {
		a.RoleARN = roleARN
		s.Accounts, s.Regions = []Account{a}, regions
	}
}

// The regions of an account share one session.
func TestRoleIsAssumedOncePerAccount(t *testing.T) {
	f := openSim(t, roles(awssim.Role{ExternalID: "right"}), nil, withRole(Account{ExternalID: "right"}, "us-east-1", "eu-west-1", "ap-south-1"))
	require.Len(t, f.session.Clients, 3)
	var all sync.WaitGroup
	for _, c := range f.session.Clients {
		all.Go(func() { assert.NoError(t, c.Identify(context.Background())) })
	}
	all.Wait()
	for _, c := range f.session.Clients {
		_, err := c.restAPIs(context.Background())
		assert.NoError(t, err)
		assert.Equal(t, otherAccount, c.Target().AccountID)
		assert.Equal(t, otherAccount+"/"+c.Target().Region, c.Target().Label)
	}
	assert.Equal(t, 1, f.sim.Count("AssumeRole"))
}

// One region whose STS fails leaves the others their credentials.
func TestRoleIsAssumedThroughAnotherRegion(t *testing.T) {
	for name, set := range map[string]struct {
		world  *awssim.World
		faults awssim.Faults
	}{
		"the first is not enabled":    {world: roles(awssim.Role{}, "ap-east-1")},
		"the first has server errors": {world: roles(awssim.Role{}), faults: awssim.Faults{ServerError: 1, Only: []string{"AssumeRole@" + testAccount + "/ap-east-1"}}},
		"the first breaks off":        {world: roles(awssim.Role{}), faults: awssim.Faults{Drop: 1, Only: []string{"AssumeRole@" + testAccount + "/ap-east-1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			f := openSim(t, set.world, func(c *awssim.Config) { c.Faults = set.faults }, withRole(Account{}, "ap-east-1", "us-east-1"))
			require.NoError(t, f.session.Clients[1].Identify(context.Background()))
			regions := map[string]int{}
			for _, c := range f.sim.Calls() {
				if c.Operation == "AssumeRole" {
					regions[c.Region]++
				}
			}
			assert.Equal(t, 1, regions["us-east-1"])
			assert.Positive(t, regions["ap-east-1"])
		})
	}
}

// A refusal names the role and what to check, is of class role_refused whatever AWS's reason, and is not tried through other regions.
func TestRoleRefused(t *testing.T) {
	for name, set := range map[string]struct {
		role    awssim.Role
		account Account
	}{
		"trust policy":       {role: awssim.Role{Deny: true}},
		"wrong external id":  {role: awssim.Role{ExternalID: "right"}, account: Account{ExternalID: "wrong"}},
		"no external id":     {role: awssim.Role{ExternalID: "right"}},
		"not the right name": {role: awssim.Role{}, account: Account{SessionName: "fine"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := openSim(t, roles(set.role), nil, func(s *Settings) {
				withRole(set.account, "us-east-1", "eu-west-1")(s)
				if name == "not the right name" {
					s.Accounts[0].RoleARN += "s"
				}
			})
			err := f.session.Clients[1].Identify(context.Background())
			require.Error(t, err)
			assert.Equal(t, RoleRefused, ClassOf(err), "%v", err)
			assert.Contains(t, err.Error(), "cannot assume role "+f.settings.Accounts[0].RoleARN)
			assert.Contains(t, err.Error(), "check role_arn, external_id, the role's trust policy, and that the caller may sts:AssumeRole it")
			assert.NotContains(t, err.Error(), "in the identity's policy", "one remedy, of both sides")
			assert.NotContains(t, err.Error(), "right", "an external id is kept to itself")
			assert.Equal(t, 1, f.sim.Count("AssumeRole"))
			assert.Zero(t, f.sim.Count("GetCallerIdentity"))
		})
	}
}

// What the last region said decides: that the first is not enabled is not why the second's call fails.
func TestRoleRefusedThroughTheSecondRegion(t *testing.T) {
	f := openSim(t, roles(awssim.Role{Deny: true}, "ap-east-1"), nil, withRole(Account{}, "ap-east-1", "us-east-1"))
	err := f.session.Clients[1].Identify(context.Background())
	assert.Equal(t, RoleRefused, ClassOf(err), "%v", err)
}

// An explicit deny of sts:AssumeRole names the role as the resource, not what the outer call would have read.
func TestExplicitDenyOfAssumeRoleNamesTheRole(t *testing.T) {
	f := openSim(t, roles(awssim.Role{}), func(c *awssim.Config) {
		c.Faults.Deny = map[string]awssim.DenyKind{"AssumeRole": awssim.ServiceControlPolicy}
	}, withRole(Account{AccountID: otherAccount}, "us-east-1"))
	_, err := f.client().restAPIs(context.Background())
	require.Error(t, err)
	assert.Equal(t, ExplicitDeny, ClassOf(err), "%v", err)
	assert.Contains(t, err.Error(), "explicit deny of sts:AssumeRole on ")
	t.Run("resource", func(t *testing.T) {
		assert.NotContains(t, err.Error(), "sts:AssumeRole on arn:aws:apigateway")
	})
}

// A role's session that can't be had now is an error of its own class, and is had later.
func TestRoleRecovers(t *testing.T) {
	f := openSim(t, roles(awssim.Role{}), func(c *awssim.Config) { c.Faults = awssim.Faults{ServerError: 1, Only: []string{"AssumeRole"}} }, withRole(Account{}, "us-east-1"))
	err := f.client().Identify(context.Background())
	assert.Equal(t, Server, ClassOf(err), "%v", err)
	f.sim.SetFaults(awssim.Faults{})
	assert.NoError(t, f.client().Identify(context.Background()))
}

// Credentials that hang end with the session: nothing of it runs on, and it opens no new connection.
func TestHangingRoleEndsWithTheSession(t *testing.T) {
	sim := awssim.New(awssim.Config{World: roles(awssim.Role{}), Faults: awssim.Faults{Hang: []string{testAccount + "/us-east-1"}}})
	server := httptest.NewServer(sim)
	defer server.Close()
	defer sim.Close()
	f := openSession(t, server.URL, withRole(Account{}, "us-east-1"))
	before := goleak.IgnoreCurrent()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	assert.Error(t, f.client().Identify(ctx))
	f.session.Close()
	goleak.VerifyNone(t, before)
}

// Accounts are opened side by side, each with its own regions; Open needs no AWS.
func TestOpen(t *testing.T) {
	t.Setenv("AWS_REGION", "eu-central-1")
	f := openSession(t, "http://127.0.0.1:1", func(s *Settings) {
		s.Regions = nil
		s.Accounts = []Account{{}, {Name: "prod", RoleARN: roleARN, Regions: []string{"us-east-1", "us-west-2"}}, {AccountID: testAccount}}
	})
	var labels []string
	for _, c := range f.session.Clients {
		labels = append(labels, c.Target().Label)
	}
	assert.Equal(t, []string{"default/eu-central-1", "prod/us-east-1", "prod/us-west-2", testAccount + "/eu-central-1"}, labels)
	assert.Equal(t, []string{"default", "prod", testAccount}, Labels(f.settings.Accounts))
}

// What can't be resolved is said at once, for all accounts, and what was opened is closed.
func TestOpenSaysWhatIsMissing(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	set := openSession(t, "http://127.0.0.1:1", nil).settings
	set.Regions = nil
	set.Accounts = []Account{{}, {Profile: "nobody"}, {Regions: []string{"us-east-1"}}}
	before := pool.users
	_, err := Open(context.Background(), set)
	assert.ErrorContains(t, err, "accounts[0]: regions: is not set, and neither AWS_REGION nor the profile names a region")
	assert.ErrorContains(t, err, "accounts[1]: cannot load the AWS configuration: ")
	assert.ErrorContains(t, err, "nobody")
	assert.Equal(t, before, pool.users)
}
