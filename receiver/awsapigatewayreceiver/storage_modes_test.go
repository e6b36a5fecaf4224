package awsapigatewayreceiver

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/checkpoint"
)

// What is stored is for the collector's user alone, and no name leads out of the folder: stores have fixed names, all others are keys in them.
func TestStorageIsItsOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	parent := t.TempDir()
	factory := filestorage.NewFactory()
	config := factory.CreateDefaultConfig().(*filestorage.Config)
	config.Directory, config.CreateDirectory = filepath.Join(parent, "storage"), true
	require.NoError(t, config.Validate())
	extension, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), config)
	require.NoError(t, err)
	require.NoError(t, extension.Start(t.Context(), nil))
	id := component.MustNewIDWithName("file_storage", "x")
	host := &testHost{extensions: map[component.ID]component.Component{id: extension}}
	names := []string{storeInventory, storeMetrics, storeLogs, storeTraces}
	for _, name := range names {
		store, err := checkpoint.Open(t.Context(), host, &id, component.MustNewIDWithName("awsapigateway", "../../up"), name)
		require.NoError(t, err)
		require.NoError(t, store.Apply(t.Context(), map[string][]byte{"logs/../../../etc/passwd\x00": []byte("x")}))
		require.NoError(t, store.Close(t.Context()))
	}
	require.NoError(t, extension.Shutdown(t.Context()))

	files := 0
	require.NoError(t, filepath.WalkDir(parent, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		switch {
		case path == parent:
		case d.IsDir():
			assert.Equal(t, filepath.Join(parent, "storage"), path)
			assert.Zero(t, info.Mode().Perm()&0o027, "others read nothing, the group changes nothing: %v", info.Mode())
		default:
			files++
			assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), path)
			assert.Equal(t, filepath.Join(parent, "storage"), filepath.Dir(path))
		}
		return nil
	}))
	assert.Equal(t, len(names), files)
}
