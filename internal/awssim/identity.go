package awssim

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Access keys say whose they are, so that no key has to be stored: after one of these prefixes the next twelve digits are the account's id.
const (
	userKeyPrefix    = "AKIASIM" // long-lived keys, as AKIASIM111122223333
	sessionKeyPrefix = "ASIASIM" // keys that AssumeRole handed out
)

// caller is who makes a call, and where.
type caller struct {
	account *Account
	region  string
	arn     string
	userID  string
	session bool // temporary credentials
}

// session is what AssumeRole handed out.
type session struct {
	arn, userID string
	expires     time.Time
}

// maxSessions bounds how many sessions are remembered; a session that was forgotten still belongs to its account.
const maxSessions = 10_000

// sessions remembers what AssumeRole handed out, by access key.
type sessions struct {
	mu   sync.Mutex
	byID map[string]session
	next uint64
}

func (s *sessions) get(key string) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.byID[key]
	return found, ok
}

// expire ends all sessions.
func (s *sessions) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, made := range s.byID {
		made.expires = time.Time{}
		s.byID[key] = made
	}
}

// add stores a session and returns its new access key.
func (s *sessions) add(account string, made session) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil || len(s.byID) >= maxSessions {
		s.byID = map[string]session{}
	}
	s.next++
	key := fmt.Sprintf("%s%s%06X", sessionKeyPrefix, account, s.next&0xffffff)
	s.byID[key] = made
	return key
}

// scope is the credential scope of a SigV4 Authorization header.
type scope struct{ key, region, service string }

// parseScope reads the credential scope; the signature is not verified.
func parseScope(r *http.Request) (scope, bool) {
	header, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !ok {
		return scope{}, false
	}
	for field := range strings.SplitSeq(header, ",") {
		credential, ok := strings.CutPrefix(strings.TrimSpace(field), "Credential=")
		if !ok {
			continue
		}
		parts := strings.Split(credential, "/")
		if len(parts) != 5 || parts[0] == "" || parts[4] != "aws4_request" {
			return scope{}, false
		}
		return scope{key: parts[0], region: parts[2], service: parts[3]}, true
	}
	return scope{}, false
}

// authenticate finds the caller of an operation.
func (s *Server) authenticate(r *http.Request, op *operation) (caller, *wireError) {
	if op.name == "AssumeRoleWithWebIdentity" { // not signed: the token is all it has
		c := caller{account: s.world.account(s.config.DefaultAccount)}
		if c.account == nil {
			return c, unknownCredentials(op.service)
		}
		return c, nil
	}
	service := op.service
	sc, ok := parseScope(r)
	if !ok {
		return caller{}, missingAuthentication()
	}
	if sc.service != service {
		return caller{}, wrongScope(service, fmt.Sprintf("Credential should be scoped to correct service: '%s'. ", service))
	}
	c := caller{region: sc.region, account: s.accountOf(sc.key), session: strings.HasPrefix(sc.key, "ASIA")}
	if c.account == nil || partitionOf(sc.region) != c.account.partition() || c.account.region(sc.region).Disabled {
		return c, unknownCredentials(service)
	}
	c.arn = fmt.Sprintf("arn:%s:iam::%s:user/awssim", c.account.partition(), c.account.ID)
	c.userID = "AIDASIM" + c.account.ID
	if known, ok := s.sessions.get(sc.key); ok {
		if time.Now().After(known.expires) {
			return c, expiredToken(service)
		}
		c.arn, c.userID = known.arn, known.userID
	}
	return c, nil
}

// accountOf returns the account that an access key belongs to: the one it names, else the default account.
func (s *Server) accountOf(key string) *Account {
	for _, prefix := range []string{userKeyPrefix, sessionKeyPrefix} {
		if rest, ok := strings.CutPrefix(key, prefix); ok && len(rest) >= 12 {
			return s.world.account(rest[:12])
		}
	}
	return s.world.account(s.config.DefaultAccount)
}

// partitionOf returns the partition of a region.
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc"
	default:
		return "aws"
	}
}

// dnsSuffix is that of a partition's endpoints.
func dnsSuffix(partition string) string {
	switch partition {
	case "aws-cn":
		return "amazonaws.com.cn"
	case "aws-eusc":
		return "amazonaws.eu"
	default:
		return "amazonaws.com"
	}
}
