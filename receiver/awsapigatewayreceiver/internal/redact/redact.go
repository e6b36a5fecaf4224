// Package redact decides what of a request's data leaves the receiver: the logs.redact setting, and what is off unless the user asks for it by name.
package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
)

// Action is what happens to a value.
type Action int

// A value is kept, or dropped, or an attribute with its keyed hash takes its place. Whatever is not kept is masked in the body.
const (
	Keep Action = iota
	Drop
	Hash
)

// Rule is an item of logs.redact.
type Rule struct {
	// Attribute is the name of an attribute; with a * at its end, of all that begin so.
	Attribute string `mapstructure:"attribute"`
	// Action is drop or hash.
	Action string `mapstructure:"action"`
}

// Rules decides about attributes by their names.
type Rules struct {
	rules   []Rule
	include []string
	key     []byte
}

// New makes the rules. include are the attributes that are off by default and asked for; a * at the end of one stands for whatever follows.
func New(rules []Rule, include []string, hashKey configopaque.String) *Rules {
	return &Rules{rules: rules, include: include, key: []byte(hashKey)}
}

// Check returns every error of the settings; the keys are below logs.
func Check(rules []Rule, hashKey configopaque.String) error {
	var errs []error
	for i, r := range rules {
		if strings.TrimSuffix(r.Attribute, "*") == "" {
			errs = append(errs, fmt.Errorf("redact[%d]::attribute: %q names no attribute: client.address, for example", i, r.Attribute))
		}
		switch r.Action {
		case "", "drop":
		case "hash":
			if hashKey == "" {
				errs = append(errs, fmt.Errorf("redact[%d]::action: hash needs a key: set hash_key, from a secret of at least 16 bytes", i))
			}
		default:
			errs = append(errs, fmt.Errorf("redact[%d]::action: %q: drop or hash", i, r.Action))
		}
	}
	if hashKey != "" && len(hashKey) < minKey {
		errs = append(errs, fmt.Errorf("hash_key: has %d bytes: at least %d, or short values can be guessed", len(hashKey), minKey))
	}
	return errors.Join(errs...)
}

const minKey = 16

// Of says what happens to the values of an attribute. off says that it is left out unless the user asks for it.
func (r *Rules) Of(attribute string, off bool) Action {
	for _, rule := range r.rules {
		if matches(rule.Attribute, attribute) {
			if rule.Action == "hash" {
				return Hash
			}
			return Drop
		}
	}
	if !off {
		return Keep
	}
	for _, name := range r.include {
		if matches(name, attribute) {
			return Keep
		}
	}
	return Drop
}

func matches(pattern, name string) bool {
	prefix, glob := strings.CutSuffix(pattern, "*")
	return glob && strings.HasPrefix(name, prefix) || pattern == name
}

// Hash is the first 16 bytes of the value's HMAC-SHA-256 with the user's key, in hex: the same value has the same hash, and without the key it
// can't be guessed.
func (r *Rules) Hash(value string) string {
	mac := hmac.New(sha256.New, r.key)
	_, _ = mac.Write([]byte(value)) // never fails
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
