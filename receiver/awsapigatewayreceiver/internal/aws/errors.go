package aws

import (
	"context"
	"errors"
	"fmt"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
)

// Class says what kind of failure an AWS call met: it decides about the retry and about what the user can do.
type Class string

// The classes. They are the values of the outcome attribute of the aws_calls metric, beside "ok".
const (
	Throttled      Class = "throttled"
	Server         Class = "server"
	Network        Class = "network"
	Malformed      Class = "malformed"
	Expired        Class = "expired"
	Denied         Class = "denied"
	Boundary       Class = "boundary"
	ExplicitDeny   Class = "explicit_deny"
	RoleRefused    Class = "role_refused"
	RegionDisabled Class = "region_disabled"
	NoCredentials  Class = "no_credentials"
	Partition      Class = "partition"
	Signature      Class = "signature"
	Invalid        Class = "invalid"
	Canceled       Class = "canceled"
)

// Error is a failed AWS call.
type Error struct {
	Operation string
	Class     Class
	// Code is AWS's code of the error, as "ThrottlingException"; "" where AWS did not answer with one.
	Code string
	// Action and Resource are the IAM action and the resource pattern that the call needs.
	Action, Resource string
	Err              error
}

// Error says what failed and, where it is known, what mends it.
func (e *Error) Error() string {
	s, r := e.failure(), e.Remedy()
	if r != "" {
		s += " (" + r + ")"
	}
	return s
}

// failure says what failed.
func (e *Error) failure() string {
	s := fmt.Sprintf("cannot call %s: ", e.Operation)
	var api smithy.APIError
	if e.Remedy() != "" && errors.As(e.Err, &api) && !errors.As(e.Err, new(*assumeRoleError)) {
		// AWS's own words; the SDK's around them (status, request id) help nobody who has a policy to mend.
		s += api.ErrorCode() + ": " + api.ErrorMessage()
	} else {
		s += e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Remedy says who can mend the failure and how, "" where it mends itself.
func (e *Error) Remedy() string {
	if e.Operation == opFilterLogEvents.name && LogKeyUnusable(e) {
		return "the KMS key of the log group has to exist, be enabled, and allow kms:Decrypt to the logs service of the region; the identity needs nothing more"
	}
	switch e.Class {
	case Denied:
		return fmt.Sprintf("allow %s on %s in the identity's policy", e.Action, e.Resource)
	case Boundary:
		return fmt.Sprintf("the permissions boundary, service control policy, session policy or endpoint policy that AWS names does not allow %s on %s: its owner has to, the identity's own policy can't", e.Action, e.Resource)
	case ExplicitDeny:
		return fmt.Sprintf("an explicit deny of %s on %s, in a service control policy, permissions boundary or policy, wins over every allow: only its owner can lift it", e.Action, e.Resource)
	case RoleRefused:
		return "check role_arn, external_id, the role's trust policy, and that the caller may sts:AssumeRole it; no policy of the role itself mends this"
	case RegionDisabled:
		return "the region is not enabled in this account, or the access key is not valid there: enable it under Account > AWS Regions or leave it out of regions"
	case NoCredentials:
		return "no AWS credentials were found: set AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, accounts[].profile, or run with an instance, task or pod role"
	case Expired:
		return "the credentials expired: renew them"
	case Partition:
		return "credentials are valid in one partition only: give the account a profile with credentials of the region's own partition"
	case Signature:
		return "check the secret access key and the machine's clock"
	default:
		return ""
	}
}

// ClassOf returns the class of a failed call, "" where err is not one.
func ClassOf(err error) Class {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Class
	}
	return ""
}

func (c Class) retryable() bool {
	switch c {
	case Throttled, Server, Network, Malformed, Expired:
		return true
	default:
		return false
	}
}

// errMalformed marks an answer that decodes but makes no sense.
var errMalformed = errors.New("malformed answer")

// assumeRoleError marks a failure of the role's credentials inside another operation.
type assumeRoleError struct {
	role string
	err  error
}

// Error leaves the remedy to the operation that wanted the role: it knows of both sides, caller and role.
func (e *assumeRoleError) Error() string {
	if call := (*Error)(nil); errors.As(e.err, &call) {
		return fmt.Sprintf("cannot assume role %s: %s", e.role, call.failure())
	}
	return fmt.Sprintf("cannot assume role %s: %v", e.role, e.err)
}
func (e *assumeRoleError) Unwrap() error { return e.err }

// classify tells the class of an SDK error. The codes are those of the services' API references ("Common Errors").
func classify(ctx context.Context, err error) Class {
	if ctx.Err() != nil {
		return Canceled
	}
	role := (*assumeRoleError)(nil)
	assuming := errors.As(err, &role)
	// The default chain assumes roles, too: those of service accounts in Kubernetes, and of profiles.
	chain := !assuming && strings.Contains(err.Error(), "get credentials")
	var api smithy.APIError
	if errors.As(err, &api) {
		switch code := api.ErrorCode(); {
		case throttleCodes[code]:
			return Throttled
		case strings.HasPrefix(code, "AccessDenied"), code == "UnauthorizedOperation", code == "AuthorizationError", code == "NotAuthorized":
			switch {
			case chain:
				return RoleRefused
			case strings.Contains(api.ErrorMessage(), "explicit deny"):
				return ExplicitDeny
			case assuming:
				return RoleRefused
			case strings.Contains(api.ErrorMessage(), "because no ") && !strings.Contains(api.ErrorMessage(), "no identity-based policy"):
				return Boundary
			}
			return Denied
		case code == "RequestTimeoutException", code == "RequestAbortedException": // the request did not get through
			return Network
		case code == "InvalidIdentityToken": // the account does not know who vouches for a service account
			return RoleRefused
		case strings.HasPrefix(code, "ExpiredToken"), code == "RequestExpired":
			return Expired
		case code == "UnrecognizedClientException", code == "InvalidClientTokenId", code == "OptInRequired", code == "AuthFailure", code == "RegionDisabledException":
			return RegionDisabled
		case strings.HasPrefix(code, "SignatureDoesNotMatch"), code == "InvalidSignatureException", code == "RequestTimeTooSkewed":
			return Signature
		case code == "MissingAuthenticationToken", code == "MissingAuthenticationTokenException":
			return NoCredentials
		}
		if api.ErrorFault() == smithy.FaultServer {
			return Server
		}
	}
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		switch status := response.HTTPStatusCode(); {
		case status >= 500:
			return Server
		case status == 429:
			return Throttled
		case status == 408:
			return Network
		case status >= 400:
			return Invalid
		}
	}
	var decode *smithy.DeserializationError
	if errors.Is(err, errMalformed) || errors.As(err, &decode) {
		return Malformed
	}
	switch {
	case api != nil, errors.As(err, new(*plainError)), strings.Contains(err.Error(), "resolve service endpoint"):
		return Invalid // or settings of the SDK that have no endpoint
	case chain:
		return NoCredentials // none of the default chain's sources has any, or one does not answer
	default:
		return Network
	}
}

var throttleCodes = map[string]bool{
	"Throttling": true, "ThrottlingException": true, "ThrottledException": true, "RequestThrottled": true, "RequestThrottledException": true,
	"TooManyRequestsException": true, "RequestLimitExceeded": true, "BandwidthLimitExceeded": true, "PriorRequestNotComplete": true, "SlowDown": true,
}
