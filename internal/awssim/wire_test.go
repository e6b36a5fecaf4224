package awssim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

var background = context.Background()

// wantCode fails unless err is an AWS error of that code, and returns its message.
func wantCode(t *testing.T, err error, code string) string {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Fatalf("the error is %v, want %s", err, code)
	}
	return api.ErrorMessage()
}

func TestInventoryDecodes(t *testing.T) {
	world := DemoWorld(noon)
	h := start(t, Config{World: world})
	apis, err := h.apiGateway().GetRestApis(background, &apigateway.GetRestApisInput{})
	if err != nil {
		t.Fatal(err)
	}
	if len(apis.Items) != 10 {
		t.Errorf("there are %d REST APIs, want 10", len(apis.Items))
	}
	for _, a := range apis.Items {
		if a.Id == nil || a.Name == nil || a.CreatedDate == nil || a.EndpointConfiguration == nil || len(a.EndpointConfiguration.Types) != 1 {
			t.Errorf("a REST API lacks members: %+v", a)
		}
	}
	one, err := h.apiGateway().GetRestApi(background, &apigateway.GetRestApiInput{RestApiId: aws.String("a1orders00")})
	if err != nil || one.Tags["team"] != "orders" || !one.CreatedDate.Equal(noon.Add(-200*24*time.Hour)) {
		t.Errorf("the orders API is %+v (%v)", one, err)
	}
	stages, err := h.apiGateway().GetStages(background, &apigateway.GetStagesInput{RestApiId: aws.String("a1orders00")})
	if err != nil {
		t.Fatal(err)
	}
	prod := stages.Item[0]
	if *prod.StageName != "prod" || prod.CanarySettings.PercentTraffic != 10 || !prod.MethodSettings["*/*"].MetricsEnabled || prod.Tags["tier"] != "1" || prod.LastUpdatedDate == nil {
		t.Errorf("the stage is %+v", prod)
	}
	stage, err := h.apiGateway().GetStage(background, &apigateway.GetStageInput{RestApiId: aws.String("a2catalog0"), StageName: aws.String("live")})
	if err != nil || !stage.CacheClusterEnabled || stage.CacheClusterSize != "0.5" {
		t.Errorf("the cached stage is %+v (%v)", stage, err)
	}
	_, err = h.apiGateway().GetStages(background, &apigateway.GetStagesInput{RestApiId: aws.String("nothere000")})
	wantCode(t, err, "NotFoundException")
}

func TestInventoryV2Decodes(t *testing.T) {
	h := start(t, Config{World: DemoWorld(noon), Now: func() time.Time { return noon.Add(20 * time.Minute) }})
	apis, err := h.apiGatewayV2().GetApis(background, &apigatewayv2.GetApisInput{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range apis.Items {
		if a.ApiId == nil || a.ApiEndpoint == nil || a.CreatedDate == nil || a.ProtocolType == "" {
			t.Errorf("an API lacks members: %+v", a)
		}
		names = append(names, *a.Name)
	}
	if !slices.Equal(names, []string{"payments", "support-chat", "launch"}) {
		t.Errorf("the APIs are %v", names)
	}
	api, err := h.apiGatewayV2().GetApi(background, &apigatewayv2.GetApiInput{ApiId: aws.String("a4chat0000")})
	if err != nil || api.ProtocolType != "WEBSOCKET" || !strings.HasPrefix(*api.ApiEndpoint, "wss://a4chat0000.execute-api.us-east-1.") {
		t.Errorf("the WebSocket API is %+v (%v)", api, err)
	}
	stages, err := h.apiGatewayV2().GetStages(background, &apigatewayv2.GetStagesInput{ApiId: aws.String("a3payments")})
	if err != nil || len(stages.Items) != 2 || *stages.Items[0].StageName != "$default" || !*stages.Items[0].DefaultRouteSettings.DetailedMetricsEnabled {
		t.Errorf("the stages are %+v (%v)", stages, err)
	}
	stage, err := h.apiGatewayV2().GetStage(background, &apigatewayv2.GetStageInput{ApiId: aws.String("a3payments"), StageName: aws.String("$default")})
	if err != nil || !*stage.AutoDeploy || !stage.LastUpdatedDate.Equal(noon.Add(15*time.Minute)) {
		t.Errorf("the stage is %+v (%v)", stage, err)
	}
	_, err = h.apiGatewayV2().GetApi(background, &apigatewayv2.GetApiInput{ApiId: aws.String("a1orders00")})
	wantCode(t, err, "NotFoundException") // v2 knows no REST APIs
}

func TestAPIsComeAndGo(t *testing.T) {
	for at, want := range map[time.Duration]string{0: "c1search00", 9 * time.Minute: "", 12 * time.Minute: "c2search00"} {
		h := start(t, Config{World: DemoWorld(noon), Now: func() time.Time { return noon.Add(at) }})
		apis, err := h.apiGateway().GetRestApis(background, &apigateway.GetRestApisInput{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, a := range apis.Items {
			if *a.Name == "search" {
				got += *a.Id
			}
		}
		if got != want {
			t.Errorf("after %s search is %q, want %q", at, got, want)
		}
	}
}

func TestPagingOfManyAPIs(t *testing.T) {
	h := start(t, Config{World: LargeWorld(1300, 1, 5, false)})
	seen := map[string]bool{}
	pages := apigateway.NewGetRestApisPaginator(h.apiGateway(), &apigateway.GetRestApisInput{Limit: aws.Int32(500)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(background)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Items {
			seen[*a.Id] = true
		}
	}
	if len(seen) != 1300 || h.Count("GetRestApis") != 3 {
		t.Errorf("%d APIs came in %d pages, want 1300 in 3", len(seen), h.Count("GetRestApis"))
	}
	metrics := h.list(t, cloudwatch.ListMetricsInput{Namespace: aws.String("AWS/ApiGateway"), RecentlyActive: types.RecentlyActivePt3h})
	if want := 1300 * 2 * 5; len(metrics) != want || h.Count("ListMetrics") != want/500 {
		t.Errorf("%d series came in %d pages, want %d in %d", len(metrics), h.Count("ListMetrics"), want, want/500)
	}
}

func TestAssumedRoleSeesItsAccount(t *testing.T) {
	h := start(t, Config{World: DemoWorld(noon)})
	provider := stscreds.NewAssumeRoleProvider(h.sts(), "arn:aws:iam::444455556666:role/apigateway-reader", func(o *stscreds.AssumeRoleOptions) {
		o.ExternalID = aws.String(DemoExternalID)
	})
	other := *h
	other.config.Credentials = aws.NewCredentialsCache(provider)
	who, err := other.sts().GetCallerIdentity(background, &sts.GetCallerIdentityInput{})
	if err != nil || *who.Account != DemoOtherAccount || !strings.HasPrefix(*who.Arn, "arn:aws:sts::444455556666:assumed-role/apigateway-reader/") {
		t.Errorf("the caller is %+v (%v)", who, err)
	}
	apis, err := other.apiGateway().GetRestApis(background, &apigateway.GetRestApisInput{})
	if err != nil || len(apis.Items) != 1 || *apis.Items[0].Name != "partner-api" {
		t.Errorf("the account's APIs are %+v (%v)", apis, err)
	}
	for _, m := range other.list(t, cloudwatch.ListMetricsInput{}) {
		for _, d := range m.Dimensions {
			if *d.Value == "orders" {
				t.Errorf("a series of another account is listed: %v", m)
			}
		}
	}
}

// TestSessionsEndBeforeTheirTime: a session that was ended is refused as one that expired, and another is granted.
func TestSessionsEndBeforeTheirTime(t *testing.T) {
	h := start(t, Config{World: DemoWorld(noon)})
	provider := stscreds.NewAssumeRoleProvider(h.sts(), "arn:aws:iam::111122223333:role/apigateway-reader")
	cache := aws.NewCredentialsCache(provider)
	session := *h
	session.config.Credentials = cache
	list := func() error {
		_, err := session.apiGateway().GetRestApis(background, &apigateway.GetRestApisInput{})
		return err
	}
	if err := list(); err != nil {
		t.Fatal(err)
	}
	h.ExpireSessions()
	wantCode(t, list(), "ExpiredTokenException")
	cache.Invalidate()
	if err := list(); err != nil {
		t.Errorf("the new session is refused: %v", err)
	}
}

func TestAssumeRoleRefusals(t *testing.T) {
	world := DemoWorld(noon)
	world.Accounts = append(world.Accounts, &Account{ID: "777788889999", Partition: "aws-cn", Roles: []Role{{Name: DemoRole}}})
	h := start(t, Config{World: world})
	for arn, code := range map[string]string{
		"arn:aws:iam::444455556666:role/apigateway-reader":    "AccessDenied", // no external id
		"arn:aws:iam::111122223333:role/locked":               "AccessDenied",
		"arn:aws:iam::111122223333:role/nobody":               "AccessDenied",
		"arn:aws-cn:iam::777788889999:role/apigateway-reader": "AccessDenied",
		"arn:aws:iam::12:role/x-not-an-account-of-12-digits":  "ValidationError",
	} {
		_, err := h.sts().AssumeRole(background, &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: aws.String("test")})
		wantCode(t, err, code)
	}
	_, err := h.as("777788889999", "us-east-1").sts().GetCallerIdentity(background, &sts.GetCallerIdentityInput{})
	wantCode(t, err, "InvalidClientTokenId")
	if _, err = h.as("777788889999", "cn-north-1").sts().GetCallerIdentity(background, &sts.GetCallerIdentityInput{}); err != nil {
		t.Error(err)
	}
}

func TestDisabledRegion(t *testing.T) {
	h := start(t, Config{World: DemoWorld(noon)}).as(DemoAccount, "ap-east-1")
	_, err := h.cloudWatch().ListMetrics(background, &cloudwatch.ListMetricsInput{})
	wantCode(t, err, "InvalidClientTokenId") // CloudWatch's query code
	_, err = h.apiGateway().GetRestApis(background, &apigateway.GetRestApisInput{})
	wantCode(t, err, "UnrecognizedClientException")
	_, err = h.sts().GetCallerIdentity(background, &sts.GetCallerIdentityInput{})
	wantCode(t, err, "InvalidClientTokenId")
}

func TestValidation(t *testing.T) {
	h := start(t, Config{World: shop()})
	good := func() cloudwatch.GetMetricDataInput {
		return window(noon.Add(-time.Hour), noon, ask("a", "Count", "Sum", 60, "ApiName", "orders"))
	}
	for name, spoil := range map[string]func(*cloudwatch.GetMetricDataInput){
		"duplicate id": func(in *cloudwatch.GetMetricDataInput) {
			in.MetricDataQueries = append(in.MetricDataQueries, in.MetricDataQueries[0])
		},
		"id grammar":     func(in *cloudwatch.GetMetricDataInput) { in.MetricDataQueries[0].Id = aws.String("A1") },
		"statistic":      func(in *cloudwatch.GetMetricDataInput) { in.MetricDataQueries[0].MetricStat.Stat = aws.String("p101") },
		"period":         func(in *cloudwatch.GetMetricDataInput) { in.MetricDataQueries[0].MetricStat.Period = aws.Int32(90) },
		"reversed":       func(in *cloudwatch.GetMetricDataInput) { in.StartTime, in.EndTime = in.EndTime, in.StartTime },
		"max datapoints": func(in *cloudwatch.GetMetricDataInput) { in.MaxDatapoints = aws.Int32(100_801) },
		"too many queries": func(in *cloudwatch.GetMetricDataInput) {
			for i := range 500 {
				in.MetricDataQueries = append(in.MetricDataQueries, ask(fmt.Sprintf("q%d", i), "Count", "Sum", 60, "ApiName", "orders"))
			}
		},
	} {
		in := good()
		spoil(&in)
		_, err := h.cloudWatch().GetMetricData(background, &in)
		t.Run(name, func(t *testing.T) { wantCode(t, err, "ValidationError") })
	}
	in := good()
	in.NextToken = aws.String("nonsense")
	_, err := h.cloudWatch().GetMetricData(background, &in)
	wantCode(t, err, "InvalidNextToken")
}

func TestWebIdentityAndChaining(t *testing.T) {
	h := start(t, Config{World: DemoWorld(noon)})
	role, name := aws.String("arn:aws:iam::111122223333:role/apigateway-reader"), aws.String("test")
	out, err := h.sts().AssumeRole(background, &sts.AssumeRoleInput{RoleArn: role, RoleSessionName: name, DurationSeconds: aws.Int32(7200)})
	if err != nil || time.Until(*out.Credentials.Expiration) < 119*time.Minute {
		t.Fatalf("the session is %+v (%v)", out, err)
	}
	chained := *h
	chained.config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken}, nil
	})
	_, err = chained.sts().AssumeRole(background, &sts.AssumeRoleInput{RoleArn: role, RoleSessionName: name, DurationSeconds: aws.Int32(7200)})
	wantCode(t, err, "ValidationError") // chained sessions last an hour at most
	web, err := h.sts().AssumeRoleWithWebIdentity(background, &sts.AssumeRoleWithWebIdentityInput{RoleArn: role, RoleSessionName: name, WebIdentityToken: aws.String("token")})
	if err != nil || !strings.HasPrefix(*web.Credentials.AccessKeyId, sessionKeyPrefix+DemoAccount) {
		t.Errorf("the session is %+v (%v)", web, err)
	}
}
