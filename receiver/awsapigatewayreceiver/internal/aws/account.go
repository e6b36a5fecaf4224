package aws

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	awsarn "github.com/aws/aws-sdk-go-v2/aws/arn"
)

// Account is one item of the receiver's accounts setting.
type Account struct {
	// Name names the account in logs, internal metrics and as aws.account.name.
	Name string `mapstructure:"name"`
	// AccountID spares the call of sts:GetCallerIdentity.
	AccountID string `mapstructure:"account_id"`
	// RoleARN is the role to assume; empty: the credentials as they are.
	RoleARN     string `mapstructure:"role_arn"`
	ExternalID  string `mapstructure:"external_id"`
	SessionName string `mapstructure:"session_name"`
	// Profile is a profile of the shared AWS configuration, in place of the default credential chain.
	Profile string `mapstructure:"profile"`
	// Regions stand in place of the receiver's.
	Regions []string `mapstructure:"regions"`
}

var (
	regionPattern    = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-\d+$`)
	accountIDPattern = regexp.MustCompile(`^\d{12}$`)
	// Patterns of AssumeRole's parameters ("API_AssumeRole"), and of roles' names and paths ("IAM identifiers").
	sessionPattern    = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	externalIDPattern = regexp.MustCompile(`^[\w+=,.@:/-]{2,}$`)
	rolePattern       = regexp.MustCompile(`^role/([\x21-\x7e]+/)?[\w+=,.@-]+$`)
)

// maxExternalID is how long an external id may be ("API_AssumeRole").
const maxExternalID = 1224

// CheckRegions returns an error for each item that is no region. key is the setting's YAML key.
func CheckRegions(key string, regions []string) error {
	var errs []error
	seen := map[string]bool{}
	for i, r := range regions {
		switch {
		case r == "":
			errs = append(errs, fmt.Errorf("%s[%d]: is empty: name a region such as us-east-1, or leave the item out", key, i))
		case !regionPattern.MatchString(r):
			errs = append(errs, fmt.Errorf("%s[%d]: %q is not a region name: write it as in us-east-1", key, i, r))
		case seen[r]:
			errs = append(errs, fmt.Errorf("%s[%d]: %q is listed twice: every target is read once", key, i, r))
		}
		seen[r] = true
	}
	return errors.Join(errs...)
}

// Check returns every error of the item. key is its YAML key, regions are the receiver's, which hold where the item has none.
func (a *Account) Check(key string, regions []string) error {
	errs := []error{CheckRegions(key+"::regions", a.Regions)}
	if a.AccountID != "" && !accountIDPattern.MatchString(a.AccountID) {
		errs = append(errs, fmt.Errorf("%s::account_id: %q is not an account id: it has 12 digits, in quotes", key, a.AccountID))
	}
	if a.SessionName != "" && !sessionPattern.MatchString(a.SessionName) {
		errs = append(errs, fmt.Errorf("%s::session_name: %q: 2 to 64 characters of A-Z a-z 0-9 _ + = , . @ -", key, a.SessionName))
	}
	if a.RoleARN == "" {
		if a.ExternalID != "" {
			errs = append(errs, fmt.Errorf("%s::external_id: is set without role_arn: it only takes part in assuming a role", key))
		}
		if a.SessionName != "" {
			errs = append(errs, fmt.Errorf("%s::session_name: is set without role_arn: it only takes part in assuming a role", key))
		}
		return errors.Join(errs...)
	}
	if a.ExternalID != "" && (len(a.ExternalID) > maxExternalID || !externalIDPattern.MatchString(a.ExternalID)) {
		errs = append(errs, fmt.Errorf("%s::external_id: is none that AWS takes: 2 to 1,224 characters of A-Z a-z 0-9 _ + = , . @ : / -, without a line feed at its end", key))
	}
	arn, err := awsarn.Parse(a.RoleARN)
	if err != nil || arn.Service != "iam" || !rolePattern.MatchString(arn.Resource) || !accountIDPattern.MatchString(arn.AccountID) {
		return errors.Join(append(errs, fmt.Errorf("%s::role_arn: %q is not a role's ARN: write it as arn:aws:iam::111122223333:role/name", key, a.RoleARN))...)
	}
	if a.AccountID != "" && a.AccountID != arn.AccountID {
		errs = append(errs, fmt.Errorf("%s::account_id: %s is not the account of role_arn, which is %s", key, a.AccountID, arn.AccountID))
	}
	own := key + "::regions"
	if len(a.Regions) > 0 {
		regions = a.Regions
	} else {
		own = "regions"
	}
	for i, r := range regions {
		if p := PartitionOf(r); p != arn.Partition {
			errs = append(errs, fmt.Errorf("%s[%d]: %s is in partition %s, but %s::role_arn is in %s: a role can't be used across partitions, give the account a profile with credentials of %s instead", own, i, r, p, key, arn.Partition, p))
		}
	}
	return errors.Join(errs...)
}

// label names the account where it has no name.
func (a *Account) label() string {
	switch {
	case a.Name != "":
		return a.Name
	case a.AccountID != "":
		return a.AccountID
	case a.RoleARN != "":
		if arn, err := awsarn.Parse(a.RoleARN); err == nil {
			return arn.AccountID
		}
		return a.RoleARN
	case a.Profile != "":
		return a.Profile
	default:
		return "default"
	}
}

// Labels returns the accounts' labels, in their order.
func Labels(accounts []Account) []string {
	labels := make([]string, len(accounts))
	for i := range accounts {
		labels[i] = accounts[i].label()
	}
	return labels
}

// PartitionOf returns the partition that a region belongs to, by its name, as the SDK's endpoint rules do.
func PartitionOf(region string) string {
	for prefix, partition := range map[string]string{
		"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b", "eu-isoe-": "aws-iso-e", "us-isof-": "aws-iso-f",
	} {
		if strings.HasPrefix(region, prefix) {
			return partition
		}
	}
	return "aws"
}
