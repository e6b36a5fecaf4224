package resource

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// Service is what a segment of a trace comes from that is no stage of an API: a Lambda function, a table, an application. It can be the key of a map.
type Service struct {
	Name, Namespace, Version string
	// Account and Region are "" where they are not known: then they are the target's.
	Account, Region string
	Platform        string // of cloud.platform, "" where the conventions have none
	ResourceID      string // an ARN
	Function        string // a Lambda function's name

	Runtime, RuntimeVersion, SDK, SDKVersion                       string
	Zone, HostID, HostType, HostImage                              string // an EC2 instance
	Container, ContainerID, ContainerARN, Task, Family, ECSCluster string
	LaunchType                                                     string // ec2 or fargate
	K8sCluster, Pod                                                string
	Deployment                                                     int64  // of Elastic Beanstalk, 0 where there is none
	LogGroups, LogGroupARNs                                        string // separated by commas, which no name of a log group has
}

// At returns the writer of another account or region, itself where they are its target's or "": a trace goes through several of them.
func (w *Writer) At(account, region string) *Writer {
	if (account == "" || account == w.target.AccountID) && (region == "" || region == w.target.Region) {
		return w
	}
	other := *w
	if account != "" && account != w.target.AccountID {
		other.target.AccountID, other.target.AccountName = account, ""
	}
	if region != "" {
		other.target.Region = region
	}
	return &other
}

// AccountID is the account of the writer's resources.
func (w *Writer) AccountID() string { return w.target.AccountID }

// Service writes the resource of a service. The attributes that stages have too follow the same settings; the others are always written.
func (w *Writer) Service(res pcommon.Resource, s *Service) {
	m, target := res.Attributes(), &w.At(s.Account, s.Region).target
	m.EnsureCapacity(12)
	for _, a := range [...]struct{ name, value string }{
		{attr.CloudProvider, "aws"},
		{attr.CloudPlatform, s.Platform},
		{attr.CloudAccountID, target.AccountID},
		{attr.CloudRegion, target.Region},
		{attr.AccountName, target.AccountName},
		{attr.CloudResourceID, s.ResourceID},
		{attr.ServiceName, s.Name},
		{attr.ServiceNamespace, s.Namespace},
		{attr.ServiceVersion, s.Version},
		{attr.FaaSName, s.Function},
		{attr.RuntimeName, s.Runtime},
		{attr.RuntimeVersion, s.RuntimeVersion},
		{attr.SDKName, s.SDK},
		{attr.SDKVersion, s.SDKVersion},
		{attr.AvailabilityZone, s.Zone},
		{attr.HostID, s.HostID},
		{attr.HostType, s.HostType},
		{attr.HostImage, s.HostImage},
		{attr.ContainerName, s.Container},
		{attr.ContainerID, s.ContainerID},
		{attr.ECSContainer, s.ContainerARN},
		{attr.ECSTask, s.Task},
		{attr.ECSFamily, s.Family},
		{attr.ECSCluster, s.ECSCluster},
		{attr.ECSLaunchType, s.LaunchType},
		{attr.K8sCluster, s.K8sCluster},
		{attr.K8sPod, s.Pod},
	} {
		if enabled, shared := w.enabled[a.name]; a.value != "" && (enabled || !shared) {
			m.PutStr(a.name, a.value)
		}
	}
	if s.Deployment != 0 {
		m.PutInt(attr.BeanstalkDeployment, s.Deployment)
	}
	if w.enabled[attr.LogGroupNames] {
		putList(m, attr.LogGroupNames, s.LogGroups)
	}
	putList(m, attr.LogGroupARNs, s.LogGroupARNs)
}

func putList(m pcommon.Map, name, joined string) {
	if joined == "" {
		return
	}
	list := m.PutEmptySlice(name)
	for value := range strings.SplitSeq(joined, ",") {
		list.AppendEmpty().SetStr(value)
	}
}
