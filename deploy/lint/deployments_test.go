package lint

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// image is what all deployments run: the image of the manifest's version.
func image(t *testing.T) string {
	t.Helper()
	dist := decodeYAML(t, read(t, "../../builder-config.yaml")).(map[string]any)["dist"].(map[string]any)
	return fmt.Sprintf("ghcr.io/otelcol-apigateway/%s:%s", dist["name"], dist["version"])
}

// storage is the folder in which the config keeps positions and queues.
func storage(t *testing.T) string {
	t.Helper()
	extensions := decodeYAML(t, read(t, config)).(map[string]any)["extensions"].(map[string]any)
	return extensions["file_storage"].(map[string]any)["directory"].(string)
}

// assertMemoryLimit holds GOMEMLIMIT to four fifths of the memory that the process may take.
func assertMemoryLimit(t *testing.T, limit int64, env []corev1.EnvVar) {
	t.Helper()
	for _, e := range env {
		if e.Name == "GOMEMLIMIT" {
			n, err := strconv.ParseInt(strings.TrimSuffix(e.Value, "MiB"), 10, 64)
			require.NoError(t, err)
			assert.InDelta(t, 0.8, float64(n<<20)/float64(limit), 0.01)
			return
		}
	}
	assert.Fail(t, "GOMEMLIMIT is not set")
}

func TestTaskDefinitionIsWhatECSTakes(t *testing.T) {
	d := json.NewDecoder(strings.NewReader(read(t, "../ecs/task-definition.json")))
	d.DisallowUnknownFields()
	var task ecs.RegisterTaskDefinitionInput
	require.NoError(t, d.Decode(&task))
	assert.Equal(t, types.NetworkModeAwsvpc, task.NetworkMode, "which Fargate needs")
	assert.Contains(t, types.CompatibilityFargate.Values(), task.RequiresCompatibilities[0])
	assert.Contains(t, types.CPUArchitecture("").Values(), task.RuntimePlatform.CpuArchitecture)
	assert.Equal(t, "256/512", *task.Cpu+"/"+*task.Memory, "a pair that Fargate has")
	require.Len(t, task.ContainerDefinitions, 1)
	c := task.ContainerDefinitions[0]
	assert.Equal(t, image(t), *c.Image)
	assert.Equal(t, "65532:65532", *c.User, "the image's, and that of the file system's access point")
	assert.True(t, *c.ReadonlyRootFilesystem)
	require.Len(t, task.Volumes, 1)
	require.Len(t, c.MountPoints, 1)
	assert.Equal(t, *task.Volumes[0].Name, *c.MountPoints[0].SourceVolume)
	assert.Equal(t, storage(t), *c.MountPoints[0].ContainerPath)
	efs := task.Volumes[0].EfsVolumeConfiguration
	assert.Equal(t, types.EFSTransitEncryptionEnabled, efs.TransitEncryption, "which an access point needs")
	assert.Equal(t, types.EFSAuthorizationConfigIAMEnabled, efs.AuthorizationConfig.Iam)
	assert.Equal(t, types.LogDriverAwslogs, c.LogConfiguration.LogDriver)
	assert.Equal(t, []string{"--config=env:" + *c.Secrets[0].Name}, c.Command)
	assert.Less(t, len(read(t, config)), 4096, "what a parameter of the standard tier holds")
	var env []corev1.EnvVar
	for _, e := range c.Environment {
		env = append(env, corev1.EnvVar{Name: *e.Name, Value: *e.Value})
	}
	assertMemoryLimit(t, 512<<20, env)
}

// unitSettings are the settings of a systemd unit, in their order, by section.
func unitSettings(t *testing.T, file string) map[string][]string {
	t.Helper()
	sections, section := map[string][]string{}, ""
	for i, line := range strings.Split(strings.TrimSpace(read(t, file)), "\n") {
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
			require.Contains(t, []string{"Unit", "Service", "Install"}, section)
		default:
			require.Regexp(t, `^[A-Z][A-Za-z]+=`, line, "line %d", i+1)
			sections[section] = append(sections[section], line)
		}
	}
	return sections
}

func TestUnitKeepsItsPositionsAndNothingElse(t *testing.T) {
	service := unitSettings(t, "../systemd/otelcol-apigateway.service")["Service"]
	assert.Contains(t, service, "StateDirectory="+strings.TrimPrefix(storage(t), "/var/lib/"))
	assert.Contains(t, service, "ExecStart=/usr/local/bin/otelcol-apigateway --config=/etc/otelcol-apigateway/config.yaml")
	for _, s := range []string{
		"DynamicUser=yes", "ProtectSystem=strict", "ProtectHome=yes", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "MemoryDenyWriteExecute=yes",
		"RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "SystemCallFilter=@system-service", "Restart=always", "MemoryMax=512M",
	} {
		assert.Contains(t, service, s)
	}
	assertMemoryLimit(t, 512<<20, []corev1.EnvVar{{Name: "GOMEMLIMIT", Value: "410MiB"}})
	assert.Contains(t, service, "Environment=GOMEMLIMIT=410MiB")
}

// TestImageIsBuiltOfWhatIsThere: an instruction that Docker does not have, or a file that the repository does not have, breaks the build only at a release.
func TestImageIsBuiltOfWhatIsThere(t *testing.T) {
	text := regexp.MustCompile(`\\\n\s*`).ReplaceAllString(read(t, "../Dockerfile"), "")
	var stages, last []string
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		require.Contains(t, []string{"FROM", "WORKDIR", "COPY", "RUN", "ARG", "LABEL", "USER", "EXPOSE", "ENTRYPOINT", "CMD"}, words[0])
		if words[0] == "FROM" {
			stages = append(stages, line)
			last = nil
		}
		last = append(last, line)
		if words[0] == "COPY" && !strings.HasPrefix(words[1], "--from=") {
			for _, source := range words[1 : len(words)-1] {
				_, err := os.Stat(filepath.Join("../..", source))
				assert.NoError(t, err)
			}
		}
	}
	require.Len(t, stages, 2)
	assert.Contains(t, last, "USER 65532:65532")
	assert.Contains(t, last, `ENTRYPOINT ["/otelcol-apigateway"]`)
	assert.Contains(t, last, `CMD ["--config=/etc/otelcol-apigateway/config.yaml"]`)
	assert.Contains(t, strings.Join(last, "\n"), "--chown=65532:65532 /state/otelcol-apigateway "+storage(t))
}
