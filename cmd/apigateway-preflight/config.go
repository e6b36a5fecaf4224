package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver"
)

// instance is one receiver of the config, with the signals of the pipelines that it stands in.
type instance struct {
	id      string
	config  *awsapigatewayreceiver.Config
	signals []string
}

// signals in the order of the report.
var signals = []string{"metrics", "logs", "traces"}

// load resolves the config as the collector does and returns its awsapigateway receivers. The error has all that is wrong with them; warn is told of
// what may be wrong with all of the config.
func load(ctx context.Context, uris []string, warn func(text string)) (found []instance, err error) {
	unset := &missing{LevelEnabler: zap.InfoLevel}
	defer func() {
		slices.Sort(unset.lines)
		for _, line := range unset.lines {
			warn(line)
		}
	}()
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs: uris, DefaultScheme: "env", ProviderSettings: confmap.ProviderSettings{Logger: zap.New(unset)},
		ProviderFactories: []confmap.ProviderFactory{envprovider.NewFactory(), fileprovider.NewFactory(), yamlprovider.NewFactory()},
	})
	if err != nil {
		return nil, fmt.Errorf("cannot read the config: %w", err)
	}
	defer func() { err = errors.Join(err, resolver.Shutdown(ctx)) }()
	conf, err := resolver.Resolve(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot resolve the config: %w", err)
	}
	standsIn, err := pipelines(conf)
	if err != nil {
		return nil, err
	}
	there, err := extensionsOf(conf)
	if err != nil {
		return nil, err
	}
	receivers, err := conf.Sub("receivers")
	if err != nil {
		return nil, fmt.Errorf("cannot read receivers: %w", err)
	}
	var errs []error
	for key := range receivers.ToStringMap() {
		i, err := decode(receivers, key, standsIn, there)
		if err != nil {
			errs = append(errs, err)
		} else if i != nil {
			found = append(found, *i)
		}
	}
	if len(errs) == 0 && len(found) == 0 {
		errs = append(errs, errors.New("receivers: there is no awsapigateway"))
	}
	slices.SortFunc(found, func(a, b instance) int { return strings.Compare(a.id, b.id) })
	return found, errors.Join(errs...)
}

// decode decodes and validates one receiver; nil where it is of another type.
func decode(receivers *confmap.Conf, key string, standsIn map[string][]string, there extensions) (*instance, error) {
	factory := awsapigatewayreceiver.NewFactory()
	var id component.ID
	if err := id.UnmarshalText([]byte(key)); err != nil || id.Type() != factory.Type() {
		return nil, nil //nolint:nilerr // the collector says what is wrong with the others
	}
	conf, err := receivers.Sub(key)
	if err != nil {
		return nil, fmt.Errorf("receivers::%s: %w", key, err)
	}
	config := factory.CreateDefaultConfig().(*awsapigatewayreceiver.Config)
	if err := conf.Unmarshal(config); err != nil {
		return nil, fmt.Errorf("receivers::%s: %w", key, err)
	}
	var errs []error
	for _, err := range flat(config.Validate()) {
		errs = append(errs, fmt.Errorf("receivers::%s::%w", key, err))
	}
	if config.Storage != nil {
		if err := there.check(*config.Storage); err != nil {
			errs = append(errs, fmt.Errorf("receivers::%s::storage: %w", key, err))
		}
	}
	if len(standsIn[id.String()]) == 0 {
		errs = append(errs, fmt.Errorf("receivers::%s: is in no pipeline: name it in service::pipelines, under metrics, logs or traces", key))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &instance{id: id.String(), config: config, signals: standsIn[id.String()]}, nil
}

// flat are the single errors of a joined one.
func flat(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
		return nil
	case !ok:
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, flat(e)...)
	}
	return out
}

// pipelines are the signals by the id of the receivers that stand in their pipelines.
func pipelines(conf *confmap.Conf) (map[string][]string, error) {
	sub, err := conf.Sub("service::pipelines")
	if err != nil {
		return nil, fmt.Errorf("cannot read service::pipelines: %w", err)
	}
	var all map[string]struct {
		Receivers  []component.ID `mapstructure:"receivers"`
		Processors []string       `mapstructure:"processors"`
		Exporters  []string       `mapstructure:"exporters"`
	}
	if err := sub.Unmarshal(&all); err != nil {
		return nil, fmt.Errorf("service::pipelines: %w", err)
	}
	in := map[string][]string{}
	for _, signal := range signals {
		for name, pipeline := range all {
			if kind, _, _ := strings.Cut(name, "/"); kind != signal {
				continue
			}
			for _, id := range pipeline.Receivers {
				if !slices.Contains(in[id.String()], signal) {
					in[id.String()] = append(in[id.String()], signal)
				}
			}
		}
	}
	return in, nil
}

// extensions are those that a config defines, and those that its collector starts.
type extensions struct {
	defined, started []string
}

func extensionsOf(conf *confmap.Conf) (e extensions, err error) {
	for key := range sub(conf, "extensions") {
		var id component.ID
		if id.UnmarshalText([]byte(key)) == nil { // the collector says what is wrong with the others
			e.defined = append(e.defined, id.String())
		}
	}
	slices.Sort(e.defined)
	service := confmap.NewFromStringMap(map[string]any{"extensions": sub(conf, "service")["extensions"]})
	var listed struct {
		Extensions []component.ID `mapstructure:"extensions"`
	}
	if err := service.Unmarshal(&listed); err != nil {
		return e, fmt.Errorf("service::extensions: %w", err)
	}
	for _, id := range listed.Extensions {
		e.started = append(e.started, id.String())
	}
	return e, nil
}

// sub is a section of a config; nil where it has none.
func sub(conf *confmap.Conf, key string) map[string]any {
	section, _ := conf.Get(key).(map[string]any)
	return section
}

// check says what keeps an extension from being there when the receiver starts.
func (e extensions) check(id component.ID) error {
	name := id.String()
	switch {
	case !slices.Contains(e.defined, name) && len(e.defined) == 0:
		return fmt.Errorf("there is no extension %q: define it under extensions, and list it in service::extensions", name)
	case !slices.Contains(e.defined, name):
		return fmt.Errorf("there is no extension %q: extensions has %s", name, strings.Join(e.defined, ", "))
	case !slices.Contains(e.started, name):
		return fmt.Errorf("the extension %q is not started: list it in service::extensions", name)
	}
	return nil
}
