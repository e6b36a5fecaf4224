package awssim

import (
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

// clocked is a server whose clock a test moves.
type clocked struct {
	*harness
	now time.Time
}

func startClocked(t *testing.T, world *World) *clocked {
	t.Helper()
	c := &clocked{now: noon}
	c.harness = start(t, Config{World: world, Now: func() time.Time { return c.now }})
	return c
}

func (c *clocked) after(d time.Duration) { c.now = noon.Add(d) }

func (c *clocked) restStage(t *testing.T, api, name string) *apigateway.GetStageOutput {
	t.Helper()
	out, err := c.apiGateway().GetStage(background, &apigateway.GetStageInput{RestApiId: &api, StageName: &name})
	if err != nil {
		t.Fatalf("cannot read stage %s of %s: %v", name, api, err)
	}
	return out
}

// TestDeploymentAndRollback: the stage runs another deployment, and then the former one again; each moves the date of its last update.
func TestDeploymentAndRollback(t *testing.T) {
	c := startClocked(t, DemoWorld(noon))
	for _, step := range []struct {
		after       time.Duration
		deployment  string
		updated     time.Time
		deployments int
	}{
		{0, "ord002", noon.Add(-200 * 24 * time.Hour), 4},
		{2*time.Minute - time.Second, "ord002", noon.Add(-200 * 24 * time.Hour), 4},
		{2 * time.Minute, "ord003", noon.Add(2 * time.Minute), 5},
		{6 * time.Minute, "ord002", noon.Add(5 * time.Minute), 5},
	} {
		c.after(step.after)
		stage := c.restStage(t, "a1orders00", "prod")
		if *stage.DeploymentId != step.deployment || !stage.LastUpdatedDate.Equal(step.updated) {
			t.Errorf("after %s the stage runs %s, since %s", step.after, *stage.DeploymentId, stage.LastUpdatedDate)
		}
		out, err := c.apiGateway().GetDeployments(background, &apigateway.GetDeploymentsInput{RestApiId: aws.String("a1orders00")})
		if err != nil || len(out.Items) != step.deployments {
			t.Errorf("after %s the deployments are %+v (%v)", step.after, out, err)
		}
	}
	// The new deployment has what was written before it, and nothing that came later.
	for deployment, want := range map[string]bool{"ord002": false, "ord003": true} {
		out, err := c.apiGateway().GetDeployment(background, &apigateway.GetDeploymentInput{
			RestApiId: aws.String("a1orders00"), DeploymentId: &deployment, Embed: []string{"apisummary"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, got := out.ApiSummary["/orders/{id}"]["DELETE"]; got != want || *out.ApiSummary["/orders"]["GET"].AuthorizationType != "COGNITO_USER_POOLS" {
			t.Errorf("%s has %v", deployment, out.ApiSummary)
		}
	}
}

// TestCanary: it starts, is promoted, stays there without traffic, and is removed.
func TestCanary(t *testing.T) {
	c := startClocked(t, DemoWorld(noon))
	if s := c.restStage(t, "a2catalog0", "live"); s.CanarySettings != nil || *s.DeploymentId != "cat002" {
		t.Errorf("at first the stage is %+v", s)
	}
	c.after(4 * time.Minute)
	if s := c.restStage(t, "a2catalog0", "live"); s.CanarySettings == nil || s.CanarySettings.PercentTraffic != 10 || *s.CanarySettings.DeploymentId != "cat003" || *s.DeploymentId != "cat002" {
		t.Errorf("with a canary the stage is %+v", s)
	}
	c.after(9 * time.Minute)
	if s := c.restStage(t, "a2catalog0", "live"); s.CanarySettings == nil || s.CanarySettings.PercentTraffic != 0 || *s.DeploymentId != "cat003" {
		t.Errorf("after the promotion the stage is %+v", s)
	}
	c.after(11 * time.Minute)
	if s := c.restStage(t, "a2catalog0", "live"); s.CanarySettings != nil || *s.DeploymentId != "cat003" {
		t.Errorf("in the end the stage is %+v", s)
	}
}

// TestCertificateIsRotated: the new one is there before the stage names it, the old one goes after.
func TestCertificateIsRotated(t *testing.T) {
	c := startClocked(t, DemoWorld(noon))
	for after, want := range map[time.Duration]string{
		0: "cert00 cert02 cert00", 5*time.Minute + 45*time.Second: "cert00 cert01 cert02 cert00", 6 * time.Minute: "cert00 cert01 cert02 cert01",
		7 * time.Minute: "cert01 cert02 cert01",
	} {
		c.after(after)
		out, err := c.apiGateway().GetClientCertificates(background, &apigateway.GetClientCertificatesInput{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, cert := range out.Items {
			got += *cert.ClientCertificateId + " "
			if cert.PemEncodedCertificate == nil || !cert.ExpirationDate.After(*cert.CreatedDate) {
				t.Errorf("a certificate is %+v", cert)
			}
		}
		if got += *c.restStage(t, "a2catalog0", "live").ClientCertificateId; got != want {
			t.Errorf("after %s there are %q, want %q", after, got, want)
		}
	}
}

// TestOtherChanges: throttles, a quota, an edit without a deployment, tags, a new stage.
func TestOtherChanges(t *testing.T) {
	c := startClocked(t, DemoWorld(noon))
	seen := func(after time.Duration) (rate float64, limit, timeout int32, stages int, reviewed string) {
		c.after(after)
		stage, err := c.apiGatewayV2().GetStage(background, &apigatewayv2.GetStageInput{ApiId: aws.String("a3payments"), StageName: aws.String("$default")})
		if err != nil {
			t.Fatal(err)
		}
		plans, err := c.apiGateway().GetUsagePlans(background, &apigateway.GetUsagePlansInput{KeyId: aws.String("keyglobex0")})
		if err != nil || len(plans.Items) != 1 {
			t.Fatalf("the plans are %+v (%v)", plans, err)
		}
		resources, err := c.apiGateway().GetResources(background, &apigateway.GetResourcesInput{
			RestApiId: aws.String("a1orders00"), Embed: []string{"methods"},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range resources.Items {
			if *r.Path == "/orders/{id}" {
				timeout = r.ResourceMethods["GET"].MethodIntegration.TimeoutInMillis
			}
		}
		all, err := c.apiGateway().GetStages(background, &apigateway.GetStagesInput{RestApiId: aws.String("a2catalog0")})
		if err != nil {
			t.Fatal(err)
		}
		partner, err := c.as(DemoOtherAccount, "us-east-1").apiGateway().GetRestApi(background, &apigateway.GetRestApiInput{
			RestApiId: aws.String("p1partner0"),
		})
		if err != nil {
			t.Fatal(err)
		}
		return *stage.DefaultRouteSettings.ThrottlingRateLimit, plans.Items[0].Quota.Limit, timeout, len(all.Item), partner.Tags["reviewed"]
	}
	rate, limit, timeout, stages, reviewed := seen(0)
	if rate != 200 || limit != 5000 || timeout != 10_000 || stages != 1 || reviewed != "" {
		t.Errorf("at first there are %v, %v, %v, %v, %q", rate, limit, timeout, stages, reviewed)
	}
	rate, limit, timeout, stages, reviewed = seen(10 * time.Minute)
	if rate != 400 || limit != 8000 || timeout != 20_000 || stages != 2 || reviewed != "yes" {
		t.Errorf("in the end there are %v, %v, %v, %v, %q", rate, limit, timeout, stages, reviewed)
	}
}

// TestChangesLeaveTheLiteral: reads change nothing, and metrics go by the literal.
func TestChangesLeaveTheLiteral(t *testing.T) {
	stage := &Stage{Name: "prod", Traffic: Traffic{PerMinute: 100}, Changes: []Change[Stage]{
		{noon, func(s *Stage) { s.Traffic.PerMinute, s.Description = 0, "one" }}, {noon.Add(time.Minute), func(s *Stage) { s.Description += " two" }},
	}}
	api := &API{ID: "changing00", Name: "before", Stages: []*Stage{stage}, Changes: []Change[API]{{noon, func(a *API) { a.Name = "after" }}}}
	world := oneRegion(&Region{APIs: []*API{api}})
	c := startClocked(t, world)
	c.after(time.Hour)
	for range 2 {
		out, err := c.apiGateway().GetRestApi(background, &apigateway.GetRestApiInput{RestApiId: &api.ID})
		if s := c.restStage(t, api.ID, "prod"); err != nil || *out.Name != "after" || *s.Description != "one two" || !s.LastUpdatedDate.Equal(noon.Add(time.Minute)) {
			t.Errorf("the API is %+v, the stage %+v (%v)", out, s, err)
		}
	}
	if api.Name != "before" || stage.Description != "" || len(world.Samples(api, stage, false, "Count", c.now)) == 0 {
		t.Error("a change reached the literal")
	}
}

// TestStageIsDeleted: from then on it has neither requests nor a place in lists.
func TestStageIsDeleted(t *testing.T) {
	gone := &Stage{Name: "gone", Traffic: Traffic{PerMinute: 600}, Deleted: noon.Add(90 * time.Second)}
	api := &API{ID: "deleting00", Name: "deleting", Stages: []*Stage{gone, {Name: "stays"}}}
	world := oneRegion(&Region{APIs: []*API{api}})
	c := startClocked(t, world)
	for after, want := range map[time.Duration]int{time.Minute: 2, 90 * time.Second: 1} {
		c.after(after)
		out, err := c.apiGateway().GetStages(background, &apigateway.GetStagesInput{RestApiId: &api.ID})
		if err != nil || len(out.Item) != want {
			t.Errorf("after %s the stages are %+v (%v)", after, out, err)
		}
	}
	if n := len(world.Samples(api, gone, false, "Count", noon.Add(2*time.Minute))); n != 0 {
		t.Errorf("the deleted stage has %d requests", n)
	}
	if before, after := world.Resources(DemoAccount, "us-east-1", noon), world.Resources(DemoAccount, "us-east-1", noon.Add(time.Hour)); reflect.DeepEqual(before, after) {
		t.Error("the world did not change")
	}
}
