package aws

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What STS would refuse at each call is found before the first one, a line feed at the end of a file's text above all. An external id is kept to itself.
func TestRolesThatSTSWouldRefuse(t *testing.T) {
	const role = "arn:aws:iam::" + otherAccount + ":role/"
	for name, set := range map[string]struct {
		account Account
		want    string
	}{
		"a role":                         {account: Account{RoleARN: role + "reader", ExternalID: "a2:/=,.@-+_"}},
		"a role below a path":            {account: Account{RoleARN: role + "team/x!/reader", ExternalID: strings.Repeat("x", 1224)}},
		"a role without a name":          {Account{RoleARN: role}, "accounts[0]::role_arn: "},
		"a role below a path, no name":   {Account{RoleARN: role + "team/"}, "accounts[0]::role_arn: "},
		"a role with a line feed":        {Account{RoleARN: role + "reader\n"}, "accounts[0]::role_arn: "},
		"an external id with a line end": {Account{RoleARN: role + "reader", ExternalID: "right\n"}, "accounts[0]::external_id: "},
		"a short external id":            {Account{RoleARN: role + "reader", ExternalID: "x"}, "accounts[0]::external_id: "},
		"a long external id":             {Account{RoleARN: role + "reader", ExternalID: strings.Repeat("right", 300)}, "accounts[0]::external_id: "},
	} {
		t.Run(name, func(t *testing.T) {
			err := set.account.Check("accounts[0]", []string{testRegion})
			if set.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, set.want)
			if err != nil {
				assert.NotContains(t, err.Error(), "right")
			}
		})
	}
}
