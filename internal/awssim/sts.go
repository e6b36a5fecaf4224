package awssim

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Session durations (STS AssumeRole): 15 minutes to 12 hours, 1 hour by default and at most where a session assumes the role (role chaining).
const (
	minSession     = 15 * time.Minute
	maxSession     = 12 * time.Hour
	defaultSession = time.Hour
)

const stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"

var (
	roleARN     = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::(\d{12}):role/(?:.*/)?([\w+=,.@-]+)$`)
	sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
)

var stsOperations = map[string]func(*Server, *exchange) (any, error){
	"GetCallerIdentity":         (*Server).getCallerIdentity,
	"AssumeRole":                (*Server).assumeRole,
	"AssumeRoleWithWebIdentity": (*Server).assumeRoleWithWebIdentity,
}

// stsOperation finds the operation of a query-protocol request.
func stsOperation(body []byte) (operation, *wireError) {
	op := operation{service: serviceSTS, protocol: protocolQuery}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return op, validation("cannot decode the form: %v", err)
	}
	op.name = form.Get("Action")
	op.action = "sts:" + op.name
	if op.handle = stsOperations[op.name]; op.handle == nil {
		op.name = ""
		return op, &wireError{status: http.StatusBadRequest, code: "InvalidAction", message: "Could not find operation " + form.Get("Action") + " for version 2011-06-15"}
	}
	return op, nil
}

// form holds the parameters; route has parsed them before.
func (x *exchange) form() url.Values {
	form, _ := url.ParseQuery(string(x.body))
	return form
}

type callerIdentityResult struct {
	XMLName xml.Name `xml:"GetCallerIdentityResult"`
	Arn     string
	UserID  string `xml:"UserId"`
	Account string
}

func (s *Server) getCallerIdentity(x *exchange) (any, error) {
	return &callerIdentityResult{Arn: x.caller.arn, UserID: x.caller.userID, Account: x.caller.account.ID}, nil
}

type stsCredentials struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

type assumedRoleUser struct {
	AssumedRoleID string `xml:"AssumedRoleId"`
	Arn           string
}

type assumeRoleResult struct {
	XMLName                     xml.Name // AssumeRoleResult or AssumeRoleWithWebIdentityResult
	Credentials                 stsCredentials
	AssumedRoleUser             assumedRoleUser
	SubjectFromWebIdentityToken string `xml:",omitempty"`
	PackedPolicySize            int
}

func (s *Server) assumeRole(x *exchange) (any, error) {
	form := x.form()
	g, err := s.checkGrant(x, form)
	if err != nil {
		return nil, err
	}
	// AWS tells none of these apart: no such role, a trust policy that refuses, another external id, a role of another partition.
	if r := g.role; r == nil || r.Deny || r.ExternalID != "" && r.ExternalID != form.Get("ExternalId") || g.partition != x.caller.account.partition() {
		return nil, accessDenied(serviceSTS, fmt.Sprintf("User: %s is not authorized to perform: sts:AssumeRole on resource: %s", x.caller.arn, form.Get("RoleArn")))
	}
	return s.grant(g, "AssumeRoleResult"), nil
}

func (s *Server) assumeRoleWithWebIdentity(x *exchange) (any, error) {
	form := x.form()
	if form.Get("WebIdentityToken") == "" {
		return nil, validation("1 validation error detected: Value null at 'webIdentityToken' failed to satisfy constraint: Member must not be null")
	}
	g, err := s.checkGrant(x, form)
	if err != nil {
		return nil, err
	}
	if g.role == nil || g.role.Deny {
		return nil, accessDenied(serviceSTS, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	}
	result := s.grant(g, "AssumeRoleWithWebIdentityResult")
	result.SubjectFromWebIdentityToken = "awssim"
	return result, nil
}

// grant is a session that is asked for.
type grant struct {
	partition, account, name string
	role                     *Role // nil: there is none of that ARN
	duration                 time.Duration
}

// checkGrant checks the parameters that the operations share.
func (s *Server) checkGrant(x *exchange, form url.Values) (grant, error) {
	match := roleARN.FindStringSubmatch(form.Get("RoleArn"))
	if match == nil {
		return grant{}, validation("%s is invalid", cmp.Or(form.Get("RoleArn"), "RoleArn"))
	}
	name := form.Get("RoleSessionName")
	if !sessionName.MatchString(name) {
		return grant{}, validation("1 validation error detected: Value '%s' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*", name)
	}
	duration, err := sessionDuration(form.Get("DurationSeconds"), x.caller.session)
	if err != nil {
		return grant{}, err
	}
	return grant{partition: match[1], account: match[2], name: name, duration: duration, role: s.findRole(match[1], match[2], match[3])}, nil
}

// grant makes a session. It expires in real time, as the SDK sees it.
func (s *Server) grant(g grant, element string) *assumeRoleResult {
	made := session{
		arn:     fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", g.partition, g.account, g.role.Name, g.name),
		userID:  "AROASIM" + g.account + ":" + g.name,
		expires: time.Now().Add(g.duration),
	}
	key := s.sessions.add(g.account, made)
	return &assumeRoleResult{
		XMLName: xml.Name{Local: element},
		Credentials: stsCredentials{
			AccessKeyID: key, SecretAccessKey: "awssim-secret-of-" + key, SessionToken: "awssim-session-" + key,
			Expiration: made.expires.UTC().Format(time.RFC3339),
		},
		AssumedRoleUser: assumedRoleUser{AssumedRoleID: made.userID, Arn: made.arn},
	}
}

// findRole returns a role by the parts of its ARN, or nil.
func (s *Server) findRole(partition, account, name string) *Role {
	a := s.world.account(account)
	if a == nil || a.partition() != partition {
		return nil
	}
	for i := range a.Roles {
		if a.Roles[i].Name == name {
			return &a.Roles[i]
		}
	}
	return nil
}

func sessionDuration(seconds string, chained bool) (time.Duration, error) {
	if seconds == "" {
		return defaultSession, nil
	}
	n, err := strconv.Atoi(seconds)
	d := time.Duration(n) * time.Second
	if err != nil || d < minSession || d > maxSession {
		return 0, validation("1 validation error detected: Value '%s' at 'durationSeconds' failed to satisfy constraint: Member must have value between %d and %d", seconds, int(minSession.Seconds()), int(maxSession.Seconds()))
	}
	if chained && d > defaultSession {
		return 0, validation("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	return d, nil
}

// encodeXML wraps a result into the response element of its operation.
func encodeXML(result any, id string) ([]byte, error) {
	inner, err := xml.Marshal(result)
	if err != nil {
		return nil, fmt.Errorf("cannot encode XML: %w", err)
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(string(inner), "<"), "Result>")
	return fmt.Appendf(nil, `<%sResponse xmlns="%s">%s<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%sResponse>`, name, stsNamespace, inner, id, name), nil
}

type xmlError struct {
	XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

func errorXML(e *wireError, id string) []byte {
	return mustMarshal(xml.Marshal(xmlError{Type: e.fault(), Code: strings.TrimSuffix(e.code, "Exception"), Message: e.message, RequestID: id}))
}
