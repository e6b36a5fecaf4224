package preflight

import (
	"errors"
	"fmt"
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
)

// permitted says that a call got past authorization. AWS looks at what is asked about only then, so that what does not exist was permitted, too.
func permitted(err error) bool {
	return err == nil || aws.ClassOf(err) == aws.Invalid && !unknown(err)
}

// codeNotFound is the control plane's code for what does not exist.
const codeNotFound = "NotFoundException"

// unknown says that the region does not have an operation.
func unknown(err error) bool {
	e := (*aws.Error)(nil)
	return errors.As(err, &e) && e.Code != codeNotFound && aws.UnknownOperation(err)
}

// hopeless says that a failure is not about the operation.
func hopeless(c aws.Class) bool {
	switch c {
	case aws.RoleRefused, aws.RegionDisabled, aws.NoCredentials, aws.Expired, aws.Partition, aws.Signature, aws.Network:
		return true
	}
	return false
}

// words are the classes in the table.
var words = map[aws.Class]string{
	aws.Denied: "identity policy", aws.Boundary: "boundary or other limit", aws.ExplicitDeny: "explicit deny", aws.RoleRefused: "trust policy or external id",
	aws.RegionDisabled: "keys not valid there", aws.NoCredentials: "no credentials", aws.Expired: "credentials expired", aws.Partition: "other partition",
	aws.Signature: "signature",
}

// refusedRole is the failure of AssumeRole inside another call, nil where that is not what failed.
func refusedRole(err error) error {
	for e := (*aws.Error)(nil); errors.As(err, &e); err = e.Err {
		if e.Operation == assumeRole {
			return e
		}
	}
	return nil
}

// roleClass tells the failures of AssumeRole apart as far as AWS does: where it names what does not allow it, that is it; else it is the role that
// refuses, for its trust policy or for the external id.
func roleClass(e *aws.Error) aws.Class {
	if e.Class == aws.Denied && !strings.Contains(e.Err.Error(), "no identity-based policy allows") {
		return aws.RoleRefused
	}
	return e.Class
}

// failure fills in what an error says of an operation.
func (p *probe) failure(o *Operation, err error) {
	e := (*aws.Error)(nil)
	switch {
	case errors.Is(err, errForbidden):
		o.Result, o.Class, o.Detail, o.Remedy = Denied, strings.ToLower(reasonForbidden), err.Error(), forbiddenRemedy
		return
	case !errors.As(err, &e):
		o.Result, o.Detail = Failed, err.Error()
		return
	}
	class := e.Class
	resource := e.Resource
	if o.Name == assumeRole {
		class, resource = roleClass(e), p.account.RoleARN
	}
	e = &aws.Error{Operation: e.Operation, Class: class, Code: e.Code, Action: e.Action, Resource: resource, Err: e.Err}
	o.Class, o.Remedy = string(class), e.Remedy()
	o.Detail = strings.TrimSuffix(strings.TrimPrefix(e.Error(), "cannot call "+e.Operation+": "), " ("+o.Remedy+")")
	o.Result = Failed
	if words[class] != "" {
		o.Result = Denied
	}
	switch {
	case unknown(err):
		o.Result, o.Remedy = Failed, "the region does not have the operation"
	case class == aws.Denied:
		o.Statement = &Statement{Effect: "Allow", Action: []string{e.Action}, Resource: []string{resource}}
	case class == aws.RoleRefused:
		o.Remedy = p.roleRemedy()
	case class == aws.RegionDisabled:
		o.Remedy = regionRemedy(p.target.Region)
	}
}

// commercial is the partition of most regions, those that an account has to enable among them.
const commercial = "aws"

// regionRemedy says what may keep keys from being valid in a region, the likeliest first. AWS answers the same to all of it.
func regionRemedy(region string) string {
	if partition := aws.PartitionOf(region); partition != commercial {
		return fmt.Sprintf("%s is in partition %s, which has accounts and keys of its own: give the account a profile with credentials of %s, or leave the region out of regions; "+
			"if they are of %s, the region is not enabled in that account, or the key is no longer valid", region, partition, partition, partition)
	}
	return "the region is not enabled in this account: enable it under Account > AWS Regions or leave it out of regions; or the key is not valid there: " +
		"it is of another partition, as keys of aws-cn and aws-us-gov are, or was deleted"
}

// roleRemedy says what the owner of a role can look at, by what the configuration says.
func (p *probe) roleRemedy() string {
	id := "external_id is not set: if the trust policy asks for one in sts:ExternalId, set it"
	if p.account.ExternalID != "" {
		id = "external_id is set: it has to be the one in sts:ExternalId of the trust policy, to the letter"
	}
	return fmt.Sprintf("the owner of %s can mend it: the role has to exist, its trust policy has to name the caller, and %s. AWS tells none of these apart", p.account.RoleARN, id)
}
