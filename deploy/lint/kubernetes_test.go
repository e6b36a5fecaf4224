package lint

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

const config = "../config.yaml"

// manifests are the Kubernetes objects, decoded into the API's own types; fields that these do not have are errors.
type manifests struct {
	namespace corev1.Namespace
	account   corev1.ServiceAccount
	config    corev1.ConfigMap
	service   corev1.Service
	set       appsv1.StatefulSet
}

func readManifests(t *testing.T) (m manifests) {
	t.Helper()
	into := map[string]any{"Namespace": &m.namespace, "ServiceAccount": &m.account, "ConfigMap": &m.config, "Service": &m.service, "StatefulSet": &m.set}
	documents := strings.Split(read(t, "../kubernetes/otelcol-apigateway.yaml"), "\n---\n")
	require.Len(t, documents, len(into))
	for _, text := range documents {
		var head struct {
			Kind       string `json:"kind"`
			APIVersion string `json:"apiVersion"`
		}
		require.NoError(t, yaml.Unmarshal([]byte(text), &head))
		require.Contains(t, into, head.Kind)
		require.NoError(t, yaml.UnmarshalStrict([]byte(text+"\n"), into[head.Kind]), head.Kind)
		assert.Equal(t, map[bool]string{true: "apps/v1", false: "v1"}[head.Kind == "StatefulSet"], head.APIVersion)
	}
	return m
}

func TestManifestsFitTogether(t *testing.T) {
	m := readManifests(t)
	assert.Equal(t, read(t, config), m.config.Data["config.yaml"], "the same config, with its comments")
	for _, object := range []string{m.account.Namespace, m.config.Namespace, m.service.Namespace, m.set.Namespace} {
		assert.Equal(t, m.namespace.Name, object)
	}
	labels := m.set.Spec.Template.Labels
	assert.Equal(t, labels, m.set.Spec.Selector.MatchLabels)
	assert.Equal(t, labels, m.service.Spec.Selector)
	assert.Equal(t, m.service.Name, m.set.Spec.ServiceName)
	pod := m.set.Spec.Template.Spec
	assert.Equal(t, m.account.Name, pod.ServiceAccountName)
	require.Len(t, pod.Containers, 1)
	require.Len(t, pod.Volumes, 1)
	assert.Equal(t, m.config.Name, pod.Volumes[0].ConfigMap.Name)
	require.Len(t, m.set.Spec.VolumeClaimTemplates, 1)
	mounts := map[string]string{}
	for _, mount := range pod.Containers[0].VolumeMounts {
		mounts[mount.Name] = mount.MountPath
	}
	assert.Equal(t, map[string]string{
		pod.Volumes[0].Name: "/etc/otelcol-apigateway", m.set.Spec.VolumeClaimTemplates[0].Name: storage(t),
	}, mounts)
	assert.Equal(t, []string{"--config=/etc/otelcol-apigateway/config.yaml"}, pod.Containers[0].Args)
	assert.Equal(t, image(t), pod.Containers[0].Image)
	ports := map[string]int32{}
	for _, p := range pod.Containers[0].Ports {
		ports[p.Name] = p.ContainerPort
	}
	assert.Equal(t, map[string]int32{"metrics": 8888, "health": 13133}, ports)
	for _, probe := range []*corev1.Probe{pod.Containers[0].LivenessProbe, pod.Containers[0].ReadinessProbe} {
		assert.Equal(t, "health", probe.HTTPGet.Port.StrVal)
		assert.Equal(t, "/", probe.HTTPGet.Path)
	}
	names := []string{}
	for _, e := range pod.Containers[0].Env {
		names = append(names, e.Name)
	}
	assert.Subset(t, names, []string{"OTLP_ENDPOINT", "LISTEN_HOST", "AWS_REGION"}, "what the config takes from the environment")
	assertMemoryLimit(t, pod.Containers[0].Resources.Limits.Memory().Value(), pod.Containers[0].Env)
}

// TestPodIsRestricted by the restricted Pod Security Standard, which the namespace enforces.
func TestPodIsRestricted(t *testing.T) {
	m := readManifests(t)
	assert.Equal(t, "restricted", m.namespace.Labels["pod-security.kubernetes.io/enforce"])
	assertRestricted(t, m.set.Spec.Template.Spec.SecurityContext, m.set.Spec.Template.Spec.Containers[0].SecurityContext)
}

func assertRestricted(t *testing.T, pod *corev1.PodSecurityContext, container *corev1.SecurityContext) {
	t.Helper()
	assert.True(t, *pod.RunAsNonRoot)
	assert.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.SeccompProfile.Type)
	assert.Equal(t, []int64{65532, 65532, 65532}, []int64{*pod.RunAsUser, *pod.RunAsGroup, *pod.FSGroup}, "the image's user")
	assert.False(t, *container.AllowPrivilegeEscalation)
	assert.True(t, *container.ReadOnlyRootFilesystem)
	assert.Equal(t, []corev1.Capability{"ALL"}, container.Capabilities.Drop)
}

// TestThereIsOneReplica: a second one would read, bill and send everything twice.
func TestThereIsOneReplica(t *testing.T) {
	assert.EqualValues(t, 1, *readManifests(t).set.Spec.Replicas)
	assert.Equal(t, 1, readValues(t).ReplicaCount)
}

// values are what values.yaml sets of the chart, with the chart's names.
type values struct {
	FullnameOverride   string                      `json:"fullnameOverride"`
	Mode               string                      `json:"mode"`
	ReplicaCount       int                         `json:"replicaCount"`
	Image              map[string]string           `json:"image"`
	ServiceAccount     account                     `json:"serviceAccount"`
	ExtraEnvs          []corev1.EnvVar             `json:"extraEnvs"`
	ExtraEnvsFrom      []corev1.EnvFromSource      `json:"extraEnvsFrom"`
	AlternateConfig    map[string]any              `json:"alternateConfig"`
	Ports              map[string]map[string]any   `json:"ports"`
	Resources          corev1.ResourceRequirements `json:"resources"`
	PodSecurityContext *corev1.PodSecurityContext  `json:"podSecurityContext"`
	SecurityContext    *corev1.SecurityContext     `json:"securityContext"`
	ExtraVolumeMounts  []corev1.VolumeMount        `json:"extraVolumeMounts"`
	StatefulSet        struct {
		VolumeClaimTemplates []corev1.PersistentVolumeClaim `json:"volumeClaimTemplates"`
	} `json:"statefulset"`
}

type account struct {
	AutomountServiceAccountToken bool              `json:"automountServiceAccountToken"`
	Annotations                  map[string]string `json:"annotations"`
}

func readValues(t *testing.T) (v values) {
	t.Helper()
	require.NoError(t, yaml.UnmarshalStrict([]byte(read(t, "../helm/values.yaml")), &v))
	return v
}

func TestChartRunsWhatTheManifestsRun(t *testing.T) {
	v, m := readValues(t), readManifests(t)
	container := m.set.Spec.Template.Spec.Containers[0]
	assert.Equal(t, "statefulset", v.Mode)
	assert.Equal(t, m.account.Name, v.FullnameOverride, "the service account, which the role's trust policy names")
	assert.Equal(t, m.set.Name, v.FullnameOverride)
	assert.Equal(t, container.Image, v.Image["repository"]+":"+v.Image["tag"])
	assert.Equal(t, m.account.Annotations, v.ServiceAccount.Annotations)
	assert.Equal(t, container.Resources, v.Resources)
	assert.Equal(t, container.EnvFrom, v.ExtraEnvsFrom)
	for _, e := range v.ExtraEnvs {
		assert.Contains(t, container.Env, e)
	}
	assert.Equal(t, m.set.Spec.VolumeClaimTemplates, v.StatefulSet.VolumeClaimTemplates)
	assert.Equal(t, storage(t), v.ExtraVolumeMounts[0].MountPath)
	assertRestricted(t, v.PodSecurityContext, v.SecurityContext)
	want, err := yaml.YAMLToJSON([]byte(read(t, config)))
	require.NoError(t, err)
	got, err := json.Marshal(v.AlternateConfig)
	require.NoError(t, err)
	assert.JSONEq(t, string(want), string(got), "the config")
	for port, settings := range v.Ports {
		assert.Equal(t, map[string]any{"enabled": port == "metrics"}, settings, port)
	}
}
